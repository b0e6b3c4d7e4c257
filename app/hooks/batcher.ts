export interface Batcher<T> {
  add(item: T): void;
  /** Resolves when everything added so far, and what was added meanwhile, has been run. */
  idle(): Promise<void>;
}

/**
 * Runs items in batches like a group commit: while one batch is in flight the next one gathers.
 *
 * @param run takes 1 to `maxSize` items and never throws.
 * @param gather is waited for before each batch that is not full.
 */
export function createBatcher<T>({
  maxSize,
  run,
  gather,
}: {
  maxSize: number;
  run: (batch: T[]) => Promise<void>;
  gather?: () => Promise<void>;
}): Batcher<T> {
  let waiting: T[] = [];
  let running: Promise<void> | undefined;

  const runAll = async (): Promise<void> => {
    // Writes that one flush acknowledged arrive within the same turn: they share the first batch.
    await Promise.resolve();
    while (waiting.length > 0) {
      if (gather !== undefined && waiting.length < maxSize) await gather();
      const batch = waiting.length <= maxSize ? waiting : waiting.slice(0, maxSize);
      waiting = batch === waiting ? [] : waiting.slice(maxSize);
      await run(batch);
    }
    running = undefined;
  };

  return {
    add(item) {
      waiting.push(item);
      running ??= runAll();
    },
    idle: () => running ?? Promise.resolve(),
  };
}
