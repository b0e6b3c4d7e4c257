import { describe, expect, it } from '@jest/globals';
import { createId, createIdMaker, deriveId, isId } from './ids.ts';

describe('ids', () => {
  it('are 24 lower-case hexadecimal digits, each another', () => {
    const ids = Array.from({ length: 10_000 }, createId);
    expect(ids.every(isId)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sort by the second in which they were made', () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const create = createIdMaker(() => nowMs);
    const first = create();
    nowMs += 1000;
    expect(create() > first).toBe(true);
    expect(first.startsWith(Math.floor(Date.UTC(2026, 0, 1) / 1000).toString(16))).toBe(true);
  });

  it.each(['', 'a'.repeat(23), 'a'.repeat(25), 'A'.repeat(24), 'g'.repeat(24), `${'a'.repeat(24)}\n`])(
    'do not look like %j',
    text => {
      expect(isId(text)).toBe(false);
    },
  );

  it('can be derived: the same from the same parts, another from others', () => {
    expect(deriveId('a', 'b')).toBe(deriveId('a', 'b'));
    expect(isId(deriveId('a', 'b'))).toBe(true);
    expect(new Set([deriveId('a', 'b'), deriveId('ab'), deriveId('a', 'b', ''), deriveId('b', 'a')]).size).toBe(4);
  });
});
