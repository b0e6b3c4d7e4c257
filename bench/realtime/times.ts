/** How long things took, counted in tenths of a millisecond. */
export interface Times {
  readonly count: number;
  /** Longer ones count as a minute. */
  add(milliseconds: number): void;
  /** The time that this share of all did not exceed; 0 when there is none. */
  quantile(share: number): number;
}

const PER_MS = 10;
const MAX = 60_000 * PER_MS;

/** Makes a count with nothing in it. Cheap to add to: a load generator does it for each thing that it gets. */
export function createTimes(): Times {
  const counts = new Uint32Array(MAX + 1);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(milliseconds) {
      const at = Math.min(MAX, Math.max(0, Math.ceil(milliseconds * PER_MS)));
      counts[at] = (counts[at] ?? 0) + 1;
      count += 1;
    },
    quantile(share) {
      const wanted = Math.ceil(count * share);
      if (wanted === 0) return 0;
      let seen = 0;
      for (let at = 0; at <= MAX; at += 1) {
        seen += counts[at] ?? 0;
        if (seen >= wanted) return at / PER_MS;
      }
      return MAX / PER_MS;
    },
  };
}
