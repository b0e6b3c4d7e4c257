import { describe, expect, it } from '@jest/globals';
import { createTokenBucket } from './token-bucket.ts';

describe('a token bucket', () => {
  it('gives a burst, then as many as come back, and never more than the burst', () => {
    let now = 0;
    const bucket = createTokenBucket({ perSecond: 10, burst: 2, now: () => now });
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    now = 99;
    expect(bucket.take()).toBe(false);
    now = 150;
    expect([bucket.take(), bucket.take()]).toEqual([true, false]);
    now = 1_000_000;
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
  });
});
