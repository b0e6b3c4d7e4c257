import { describe, expect, it } from '@jest/globals';
import { createTurns } from './turns.ts';

describe('turns', () => {
  /** A timer whose waits end by their signal alone, and what was waited for. */
  function createWorld() {
    const waits: number[] = [];
    const timer = {
      now: () => 0,
      wait: (ms: number, signal?: AbortSignal) => {
        waits.push(ms);
        return new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()));
      },
    };
    return { waits, turns: createTurns({ timer, random: () => 0.5 }) };
  }

  it('are not waited for where nobody else writes', async () => {
    const { waits, turns } = createWorld();
    await turns.yield(5);
    turns.hurry();
    await turns.yield(5);
    expect(waits).toEqual([]);
  });

  it('are given after a document of another instance, once for each time that others wrote', async () => {
    const { waits, turns } = createWorld();
    turns.onOthersDocument();
    turns.onOthersDocument();
    const given = turns.yield(5);
    expect(waits).toEqual([17.5]);
    turns.hurry();
    await given;
    await turns.yield(5);
    expect(waits).toEqual([17.5]);
  });

  it('end when another instance has written, which makes the next one its turn again', async () => {
    const { waits, turns } = createWorld();
    turns.onOthersDocument();
    const given = turns.yield(2);
    turns.hurry();
    await given;
    turns.onOthersDocument();
    void turns.yield(2);
    expect(waits).toEqual([7, 7]);
  });

  it('are as long as documents usually take, however long one took', async () => {
    const { waits, turns } = createWorld();
    for (const ownMs of [10, 110, 10]) {
      turns.onOthersDocument();
      const given = turns.yield(ownMs);
      turns.hurry();
      await given;
    }
    expect(waits.map(Math.round)).toEqual([35, 105, 91]);
  });

  it('last no longer than others need who have something to write', () => {
    const { waits, turns } = createWorld();
    turns.onOthersDocument();
    void turns.yield(10_000);
    expect(waits).toEqual([250]);
  });
});
