import { type Key, KIND_RANGES, successor, valueKey, descending } from './keys.ts';

/** A place between keys: before a key and all that begin with it, or after them. */
interface Cut {
  readonly key: Key;
  readonly isAfter: boolean;
  /** The cut as a key: everything from here on lies behind it. */
  readonly place: Key;
}

/** The keys between two cuts. A point holds one value. */
export interface Interval {
  readonly low: Cut;
  readonly high: Cut;
  readonly isPoint: boolean;
}

/** Keys from `start`, up to but without `end`. */
export interface KeyRange {
  readonly start: Key;
  readonly end: Key;
}

const before = (key: Key): Cut => ({ key, isAfter: false, place: key });
const after = (key: Key): Cut => ({ key, isAfter: true, place: successor(key) });

/** Every value, missing ones too. */
export const EVERYTHING: readonly Interval[] = [{ low: before('\x01'), high: before('\xf0'), isPoint: false }];

/** One value. */
export function pointOf(value: unknown): Interval {
  const key = valueKey(value);
  return { low: before(key), high: after(key), isPoint: true };
}

/** The keys from one up to another, without it. */
export function between(start: Key, end: Key): Interval {
  return { low: before(start), high: before(end), isPoint: false };
}

/** What a comparison matches: values of the operand's kind on one side of it. Undefined for kinds that do not compare. */
export function comparisonInterval(operator: string, operand: unknown): Interval | undefined {
  const kind = operand instanceof Date ? 'date' : typeof operand;
  if (kind !== 'number' && kind !== 'string' && kind !== 'boolean' && kind !== 'date') return undefined;
  if (Number.isNaN(operand)) return undefined;
  const [start, end] = KIND_RANGES[kind];
  const key = valueKey(operand);
  switch (operator) {
    case '$gt':
      return { low: after(key), high: before(end), isPoint: false };
    case '$gte':
      return { low: before(key), high: before(end), isPoint: false };
    case '$lt':
      return { low: before(start), high: before(key), isPoint: false };
    case '$lte':
      return { low: before(start), high: after(key), isPoint: false };
    default:
      return undefined;
  }
}

/** The values in any of the intervals: in order, those that touch made one. */
export function union(intervals: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const interval of [...intervals].sort(byLow)) {
    const last = joined.at(-1);
    if (last === undefined || last.high.place < interval.low.place) joined.push(interval);
    else if (last.high.place < interval.high.place) {
      // Two neighbouring points stay points, so that fields behind them can be bounded.
      if (last.isPoint && interval.isPoint) joined.push(interval);
      else joined[joined.length - 1] = { low: last.low, high: interval.high, isPoint: false };
    }
  }
  return joined;
}

/** The values in both lists of intervals; each list in order. */
export function intersection(some: readonly Interval[], others: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  for (const one of some) {
    for (const other of others) {
      const low = one.low.place >= other.low.place ? one.low : other.low;
      const high = one.high.place <= other.high.place ? one.high : other.high;
      if (low.place < high.place) common.push({ low, high, isPoint: one.isPoint || other.isPoint });
    }
  }
  return common;
}

/** The range of keys that begin with a prefix and go on with a value of the interval. */
export function rangeOf(prefix: Key, { low, high }: Interval, isDescending: boolean): KeyRange {
  return isDescending
    ? { start: prefix + inverted(high), end: prefix + inverted(low) }
    : { start: prefix + low.place, end: prefix + high.place };
}

/** The prefix followed by the value of a point. */
export function extend(prefix: Key, { low }: Interval, isDescending: boolean): Key {
  return prefix + (isDescending ? descending(low.key) : low.key);
}

function inverted({ key, isAfter }: Cut): Key {
  return isAfter ? descending(key) : successor(descending(key));
}

function byLow(one: Interval, other: Interval): number {
  return one.low.place < other.low.place ? -1 : one.low.place > other.low.place ? 1 : 0;
}
