import { describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import { createBatcher } from './batcher.ts';

describe('a batcher', () => {
  it('gathers what comes while a batch is in flight, up to the size of a batch', async () => {
    const batches: number[][] = [];
    const releases: (() => void)[] = [];
    const run = (batch: number[]) => new Promise<void>(resolve => void (batches.push(batch), releases.push(resolve)));
    const batcher = createBatcher<number>({ maxSize: 3, run });
    batcher.add(1);
    batcher.add(2);
    await Promise.resolve();
    for (const item of [3, 4, 5, 6]) batcher.add(item);
    const idle = batcher.idle();
    while (batches.length < 3) {
      releases.shift()?.();
      await new Promise(resolve => setImmediate(resolve));
    }
    releases.shift()?.();
    await idle;
    expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  it('is idle when nothing was added, and begins again after it was idle', async () => {
    const batches: number[][] = [];
    const batcher = createBatcher<number>({ maxSize: 3, run: async batch => void batches.push(batch) });
    await batcher.idle();
    batcher.add(1);
    await batcher.idle();
    batcher.add(2);
    await batcher.idle();
    expect(batches).toEqual([[1], [2]]);
  });

  it('waits before a batch that is not full', async () => {
    const batches: number[][] = [];
    const releases: (() => void)[] = [];
    const batcher = createBatcher<number>({
      maxSize: 2,
      run: async batch => void batches.push(batch),
      gather: () => new Promise(resolve => void releases.push(resolve)),
    });
    for (const item of [1, 2, 3]) batcher.add(item);
    await until(
      () => releases,
      ({ length }) => length === 1,
    );
    expect(batches).toEqual([[1, 2]]);
    batcher.add(4);
    releases[0]?.();
    await batcher.idle();
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});
