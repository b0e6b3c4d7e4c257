import { describe, expect, it, jest } from '@jest/globals';
import { createLineBuffer } from './line-buffer.ts';

function createTarget() {
  const written: string[] = [];
  return { written, write: (lines: string) => written.push(lines) };
}

describe('the line buffer', () => {
  it('hands lines on in one piece when they reach the limit', () => {
    const target = createTarget();
    const buffer = createLineBuffer(target, { limit: 10 });
    buffer.write('first\n');
    expect(target.written).toEqual([]);
    buffer.write('second\n');
    expect(target.written).toEqual(['first\nsecond\n']);
  });

  it('hands on what waits when it is told to, and nothing when nothing waits', () => {
    const target = createTarget();
    const buffer = createLineBuffer(target);
    buffer.write('line\n');
    buffer.flush();
    buffer.flush();
    expect(target.written).toEqual(['line\n']);
  });

  it('does not let a line wait longer than the interval', () => {
    jest.useFakeTimers();
    try {
      const target = createTarget();
      createLineBuffer(target, { intervalMs: 1000 }).write('line\n');
      jest.advanceTimersByTime(999);
      expect(target.written).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(target.written).toEqual(['line\n']);
    } finally {
      jest.useRealTimers();
    }
  });
});
