/** What one run of wrk measured. */
export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What went wrong, in wrk's own words; none when every answer was 2xx or 3xx. */
  readonly faults: readonly string[];
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function match(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  if (found === null) throw new Error(`wrk printed nothing like ${pattern.source}:\n${output}`);
  return found;
}

function percentileMs(output: string, percent: number): number {
  const [, value, unit] = match(output, new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m|h)\\s*$`, 'm'));
  return Number(value) * (unitMs[unit ?? ''] ?? Number.NaN);
}

/** Reads what `wrk --latency` printed. Throws when a figure is missing. */
export function parseWrkOutput(output: string): WrkResult {
  return {
    requests: Number(match(output, /^\s+(\d+) requests in /m)[1]),
    requestsPerSecond: Number(match(output, /^Requests\/sec:\s+([\d.]+)$/m)[1]),
    p50Ms: percentileMs(output, 50),
    p99Ms: percentileMs(output, 99),
    faults: [...output.matchAll(/^\s+((?:Non-2xx or 3xx responses|Socket errors): .+)$/gm)].map(
      found => found[1] ?? '',
    ),
  };
}
