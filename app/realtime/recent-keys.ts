/** Keys that were seen a short while ago. */
export interface RecentKeys {
  /** Remembers a key. Says whether it is new. */
  add(key: string): boolean;
}

/** Remembers keys for a time; of more than `max` the oldest are forgotten. `now` gives milliseconds that only go forward. */
export function createRecentKeys({
  ttlMs,
  max,
  now = () => performance.now(),
}: {
  readonly ttlMs: number;
  readonly max: number;
  readonly now?: () => number;
}): RecentKeys {
  /** In the order of their time, so those to be forgotten come first. */
  const seenAt = new Map<string, number>();
  return {
    add(key) {
      const current = now();
      for (const [oldest, at] of seenAt) {
        if (current - at < ttlMs && seenAt.size < max) break;
        seenAt.delete(oldest);
      }
      if (seenAt.has(key)) return false;
      seenAt.set(key, current);
      return true;
    },
  };
}
