/** Holds items back for a while, and of those that share a key only the latest. */
export interface Latest<T> {
  add(item: T): void;
  /** Lets go of everything now. */
  flush(): void;
}

/**
 * Makes a holder. What is replaced before its time was not needed.
 *
 * @param delayMs how long the first item of a round waits; with 0 nothing is held back
 */
export function createLatest<T>({
  delayMs,
  keyOf,
  release,
}: {
  readonly delayMs: number;
  readonly keyOf: (item: T) => string;
  readonly release: (item: T) => void;
}): Latest<T> {
  let held = new Map<string, T>();
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const released = held;
    held = new Map();
    for (const item of released.values()) release(item);
  };

  return {
    flush,
    add(item) {
      if (delayMs === 0) {
        release(item);
        return;
      }
      held.set(keyOf(item), item);
      // What waits is safe in the database already: a process may end without it.
      timer ??= setTimeout(flush, delayMs).unref();
    },
  };
}
