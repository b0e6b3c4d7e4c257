import { beforeEach, describe, expect, it } from '@jest/globals';
import { createUpdateRate, type UpdateRate } from './update-rate.ts';

describe('the rate of updates', () => {
  let now: number;
  let rate: UpdateRate;
  beforeEach(() => {
    now = 0;
    rate = createUpdateRate({ windowMs: 5_000, now: () => now });
  });

  it('is nothing while nothing happens', () => {
    expect(rate.isQuiet).toBe(true);
    expect(rate.read()).toEqual({ updatesPerSecond: 0, updateLatencyMs: { p50: null, p99: null } });
  });

  it('counts what came in the window, and forgets it after that', () => {
    rate.add(10, 1);
    now = 4_000;
    rate.add(2, 3);
    expect(rate.read().updatesPerSecond).toBe(2.4);
    now = 5_000;
    expect(rate.read().updatesPerSecond).toBe(0.4);
    expect(rate.isQuiet).toBe(false);
    now = 9_000;
    expect(rate.isQuiet).toBe(true);
    expect(rate.read().updatesPerSecond).toBe(0);
  });

  it('has the latencies that half and nearly all of the updates do not exceed, in whatever order they came', () => {
    rate.add(2, 50);
    rate.add(97, 3);
    rate.add(1, 900);
    expect(rate.read().updateLatencyMs).toEqual({ p50: 3, p99: 50 });
    rate.add(10, 900);
    expect(rate.read().updateLatencyMs).toEqual({ p50: 3, p99: 900 });
  });
});
