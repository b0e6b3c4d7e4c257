import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createFrameWriter, type FrameWriter } from './frame-writer.ts';

describe('the writer of frames', () => {
  let writer: FrameWriter;
  let written: string[];

  beforeEach(() => {
    writer = createFrameWriter();
    written = [];
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const add = (name: string, isAnswer = false): void => writer.add({ write: () => void written.push(name) }, isAnswer);
  /** Lets everything happen that is to happen in this turn of the event loop. */
  const endTurn = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
  /** Has each write of these take so many milliseconds of the clock that slices go by. */
  const addSlow = (names: readonly string[], milliseconds: number): void => {
    let now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    for (const name of names) {
      const write = (): void => {
        now += milliseconds;
        written.push(name);
      };
      writer.add({ write }, false);
    }
  };
  const range = (count: number): string[] => Array.from({ length: count }, (_none, at) => String(at));

  it('writes after all that happens in a turn, each in its order', async () => {
    add('a');
    add('b');
    expect(written).toEqual([]);
    await endTurn();
    expect(written).toEqual(['a', 'b']);
  });

  it('writes answers before those who follow', async () => {
    add('follower');
    add('answer', true);
    await endTurn();
    expect(written).toEqual(['answer', 'follower']);
  });

  it('lets others at the event loop when writing takes long, and goes on after them', async () => {
    addSlow(range(40), 1);
    await new Promise(resolve => setImmediate(resolve));
    const first = written.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(40);
    await writer.whenWritten();
    expect(written).toEqual(range(40));
  });

  it('writes an answer between slices', async () => {
    addSlow(range(40), 1);
    await new Promise<void>(resolve => process.nextTick(resolve));
    add('answer', true);
    await writer.whenWritten();
    expect(written).toHaveLength(41);
    expect(written.indexOf('answer')).toBeLessThan(20);
  });

  it('gives those who follow as much time as everything else took, within limits', async () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    for (const name of range(100)) {
      const write = (): void => {
        now += 0.25;
        written.push(name);
      };
      writer.add({ write }, false);
    }
    await new Promise<void>(resolve => process.nextTick(resolve));
    // Two milliseconds of writes, looked at after every eighth.
    expect(written).toHaveLength(16);
    now += 5;
    await new Promise(resolve => setImmediate(resolve));
    expect(written).toHaveLength(40);
    now += 50;
    await new Promise(resolve => setImmediate(resolve));
    expect(written).toHaveLength(64);
    await writer.whenWritten();
  });

  it('says when those were written to who were there, and not only when nobody is left', async () => {
    await writer.whenWritten();
    addSlow(range(24), 1);
    let isLate = false;
    const whenFirst = writer.whenWritten().then(() => void (isLate = written.includes('late')));
    await new Promise<void>(resolve => process.nextTick(resolve));
    for (const name of range(24)) add(`later ${name}`);
    add('late');
    await whenFirst;
    expect(written).toEqual(expect.arrayContaining(range(24)));
    expect(isLate).toBe(false);
    await writer.whenWritten();
    expect(written).toContain('late');
  });

  it('goes on with those who are added while it writes', async () => {
    writer.add({ write: () => add('again') }, false);
    await endTurn();
    await endTurn();
    expect(written).toEqual(['again']);
    await writer.whenWritten();
  });
});
