import { describe, expect, it } from '@jest/globals';
import { estimate, type Slice } from './estimate.ts';

const slice = (requestsPerSecond: number, rest: Partial<Slice> = {}): Slice => ({
  requests: requestsPerSecond,
  requestsPerSecond,
  p50Ms: 1,
  p99Ms: 2,
  faults: [],
  cpuMicrosPerRequest: 10,
  rssBytes: 1,
  ...rest,
});

describe('the estimate of a candidate', () => {
  it('is the mean of its best three slices, whatever their order', () => {
    const { requestsPerSecond, slices } = estimate([100, 400, 1, 300, 200].map(rate => slice(rate)));
    expect(requestsPerSecond).toBe(300);
    expect(slices).toBe(5);
  });

  it('has the median of all slices beside it', () => {
    expect(estimate([5, 1, 9].map(rate => slice(rate))).medianRequestsPerSecond).toBe(5);
    expect(estimate([5, 1, 9, 7].map(rate => slice(rate))).medianRequestsPerSecond).toBe(6);
  });

  it('takes CPU time and latencies from the best slices, memory from all', () => {
    const slow = slice(1, { cpuMicrosPerRequest: 999, p50Ms: 999, p99Ms: 999, rssBytes: 7 });
    const quick = [20, 30, 40].map(micros => slice(100, { cpuMicrosPerRequest: micros, p50Ms: micros, p99Ms: micros }));
    expect(estimate([slow, ...quick])).toMatchObject({ cpuMicrosPerRequest: 30, p50Ms: 30, p99Ms: 30, maxRssBytes: 7 });
  });

  it('makes do with fewer than three slices, not with none', () => {
    expect(estimate([slice(10), slice(20)]).requestsPerSecond).toBe(15);
    expect(() => estimate([])).toThrow(RangeError);
  });
});
