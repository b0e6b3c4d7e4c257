import { type WrkResult } from './wrk-output.ts';

/** One second of load on one candidate. */
export interface Slice extends WrkResult {
  readonly cpuMicrosPerRequest: number;
  readonly rssBytes: number;
}

/** What the slices of a candidate come to. */
export interface Estimate {
  readonly slices: number;
  /** The figure: the mean of the best three slices. Interference only ever slows, so the best are nearest to the truth. */
  readonly requestsPerSecond: number;
  readonly medianRequestsPerSecond: number;
  /** Of the server process; this and the latencies are means over the same best three slices. */
  readonly cpuMicrosPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxRssBytes: number;
}

const bestCount = 3;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return mean(sorted.slice(Math.floor(middle), Math.ceil(middle) + 1));
}

/** Estimates a candidate from its slices. Throws when there is none. */
export function estimate(slices: readonly Slice[]): Estimate {
  if (slices.length === 0) throw new RangeError('There is no slice to estimate from.');
  const best = slices.toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond).slice(0, bestCount);
  return {
    slices: slices.length,
    requestsPerSecond: mean(best.map(slice => slice.requestsPerSecond)),
    medianRequestsPerSecond: median(slices.map(slice => slice.requestsPerSecond)),
    cpuMicrosPerRequest: mean(best.map(slice => slice.cpuMicrosPerRequest)),
    p50Ms: mean(best.map(slice => slice.p50Ms)),
    p99Ms: mean(best.map(slice => slice.p99Ms)),
    maxRssBytes: Math.max(...slices.map(slice => slice.rssBytes)),
  };
}
