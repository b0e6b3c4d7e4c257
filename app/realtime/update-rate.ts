/** How many updates there are, and how long they take to be known. */
export interface UpdateRate {
  /** Counts updates that became known together, so long after they were made. */
  add(count: number, latencyMs: number): void;
  /** What the last seconds were like. The latencies are null when there was no update. */
  read(): {
    readonly updatesPerSecond: number;
    readonly updateLatencyMs: { readonly p50: number | null; readonly p99: number | null };
  };
  /** Whether there was no update in the last seconds. */
  readonly isQuiet: boolean;
}

interface Arrival {
  readonly arrivedAtMs: number;
  readonly count: number;
  readonly latencyMs: number;
}

const WINDOW_MS = 5_000;

/** Makes a rate over a window of time. `now` gives milliseconds that only go forward. */
export function createUpdateRate({
  windowMs = WINDOW_MS,
  now = () => performance.now(),
}: { readonly windowMs?: number; readonly now?: () => number } = {}): UpdateRate {
  let arrivals: Arrival[] = [];

  const prune = (): void => {
    const since = now() - windowMs;
    if ((arrivals[0]?.arrivedAtMs ?? Infinity) <= since) {
      arrivals = arrivals.filter(({ arrivedAtMs }) => arrivedAtMs > since);
    }
  };

  return {
    add(count, latencyMs) {
      arrivals.push({ arrivedAtMs: now(), count, latencyMs });
    },
    read() {
      prune();
      const total = arrivals.reduce((sum, { count }) => sum + count, 0);
      const sorted = arrivals.toSorted((one, other) => one.latencyMs - other.latencyMs);
      return {
        updatesPerSecond: Math.round((total * 10_000) / windowMs) / 10,
        updateLatencyMs: { p50: selectPercentile(sorted, total * 0.5), p99: selectPercentile(sorted, total * 0.99) },
      };
    },
    get isQuiet() {
      prune();
      return arrivals.length === 0;
    },
  };
}

/** The latency that so many updates do not exceed. */
function selectPercentile(sorted: readonly Arrival[], rank: number): number | null {
  let counted = 0;
  for (const { count, latencyMs } of sorted) {
    counted += count;
    if (counted >= rank) return latencyMs;
  }
  return null;
}
