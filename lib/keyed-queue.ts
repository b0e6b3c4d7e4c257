/** Runs work in turn: what has the same key waits for what came before it, what has another does not. */
export interface KeyedQueue {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Makes a queue. A key takes memory only while something of it runs or waits. */
export function createKeyedQueue(): KeyedQueue {
  const last = new Map<string, Promise<unknown>>();
  return {
    run(key, work) {
      const before = last.get(key);
      // What came before may have failed: that is its caller's concern.
      const result = before === undefined ? work() : before.then(work, work);
      last.set(key, result);
      const free = (): void => {
        if (last.get(key) === result) last.delete(key);
      };
      result.then(free, free);
      return result;
    },
  };
}
