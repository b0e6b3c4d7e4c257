/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 up to and without 1. */
  next(): number;
  /** A whole number from 0 up to and without a limit. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  /** Whether something happens that does so one time in so many. */
  oneIn(count: number): boolean;
  /** Another row of numbers, for somebody whose turns nobody can foresee. */
  fork(): Random;
}

/** Makes the numbers of a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: items => items[below(items.length)] as (typeof items)[number],
    oneIn: count => below(count) === 0,
    fork: () => createRandom(below(2 ** 32)),
  };
}

/** The seed of a run: that of `CHAOS_SEED`, else a new one. Printed, so that the run can be repeated. */
export function selectSeed(title: string): number {
  const { CHAOS_SEED: given } = process.env;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  process.stdout.write(`${title}: CHAOS_SEED=${seed}\n`);
  return seed;
}
