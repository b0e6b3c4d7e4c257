/** What limits how often something may happen, and lets it happen at once now and then. */
export interface TokenBucket {
  /** Takes one of what there is. Says whether there was one. */
  take(): boolean;
}

const readMonotonic = (): number => performance.now();

/**
 * Makes a bucket that is full at first. `now` gives milliseconds that only go forward.
 *
 * @param perSecond how many come back in a second
 * @param burst how many there are at most
 */
export function createTokenBucket({
  perSecond,
  burst,
  now = readMonotonic,
}: {
  readonly perSecond: number;
  readonly burst: number;
  readonly now?: () => number;
}): TokenBucket {
  let count = burst;
  let countedAtMs = now();
  return {
    take() {
      const current = now();
      count = Math.min(burst, count + ((current - countedAtMs) * perSecond) / 1000);
      countedAtMs = current;
      if (count < 1) return false;
      count -= 1;
      return true;
    },
  };
}
