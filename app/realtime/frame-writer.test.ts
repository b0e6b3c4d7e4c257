import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createFrameWriter, type FrameWriter } from './frame-writer.ts';

describe('the writer of frames', () => {
  let writer: FrameWriter;
  let written: string[];
  let errors: unknown[];

  beforeEach(() => {
    errors = [];
    writer = createFrameWriter(error => errors.push(error));
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

  it('writes to the others when one cannot be written to', async () => {
    const error = new Error('broken');
    const broken = {
      write: () => {
        throw error;
      },
    };
    writer.add(broken, true);
    add('answer', true);
    writer.add(broken, false);
    add('follower');
    await writer.whenWritten();
    expect([written, errors]).toEqual([
      ['answer', 'follower'],
      [error, error],
    ]);
  });

  it('lets go of those who had their turn, however long it goes on', async () => {
    let isDone = false;
    let turns = 0;
    const held: WeakRef<object>[] = [];
    const addMany = (): void => {
      for (let count = 0; count < 100; count += 1) {
        const connection = { write: () => void (turns += 1) };
        if (count === 0) held.push(new WeakRef(connection));
        writer.add(connection, false);
      }
    };
    let now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 0.5));
    // Two feeds: each adds its next ones before the writer is through with the other's.
    const feed = async (): Promise<void> => {
      while (!isDone) {
        addMany();
        await writer.whenWritten();
      }
    };
    const feeds = [feed(), feed()];
    for (let turn = 0; turn < 200; turn += 1) await new Promise(resolve => setImmediate(resolve));
    isDone = true;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    expect(turns).toBeGreaterThan(1_000);
    expect(held.filter(reference => reference.deref() !== undefined).length).toBeLessThan(held.length / 2);
    await Promise.all(feeds);
  });

  it('goes on with those who are added while it writes', async () => {
    writer.add({ write: () => add('again') }, false);
    await endTurn();
    await endTurn();
    expect(written).toEqual(['again']);
    await writer.whenWritten();
  });
});
