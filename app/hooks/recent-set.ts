export interface RecentSet {
  add(key: string): void;
  has(key: string): boolean;
}

/** A set that remembers the keys added last, at least `size` and at most twice as many. */
export function createRecentSet(size: number): RecentSet {
  let current = new Set<string>();
  let previous = new Set<string>();
  return {
    add(key) {
      if (current.size >= size) {
        previous = current;
        current = new Set();
      }
      current.add(key);
    },
    has: key => current.has(key) || previous.has(key),
  };
}
