import { describe, expect, it } from '@jest/globals';
import { mapConcurrently } from './concurrency.ts';

describe('mapping concurrently', () => {
  it('gives the results in order and never runs more at once than the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([3, 1, 2, 5, 4], 2, async item => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 10;
    });
    expect(results).toEqual([30, 10, 20, 50, 40]);
    expect(most).toBe(2);
  });

  it('begins nothing new after a failure, waits for what is under way, and throws the first failure', async () => {
    const finished: number[] = [];
    const work = mapConcurrently([0, 1, 2, 3], 2, async item => {
      if (item === 0) throw new Error('first');
      await new Promise(resolve => setImmediate(resolve));
      finished.push(item);
    });
    await expect(work).rejects.toThrow('first');
    expect(finished).toEqual([1]);
  });
});
