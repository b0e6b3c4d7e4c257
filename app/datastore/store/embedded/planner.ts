import { type FindOptions, InvalidOperationError, type Sort } from '../collection.ts';
import { type Constraint, type Constraints, tightest } from './constraints.ts';
import { type Index, type IndexField } from './index-definition.ts';
import { EVERYTHING, extend, type Interval, intersection, type KeyRange, rangeOf } from './intervals.ts';
import { type Key, successor } from './keys.ts';

/** How a query is carried out. */
export interface Plan {
  /** The index that serves it; the primary key when undefined. */
  readonly index: Index | undefined;
  /** The keys to look at, in their order; they do not overlap. */
  readonly ranges: readonly KeyRange[];
  /** Whether the ranges are walked from their end. */
  readonly isReverse: boolean;
  /** Whether the walk gives the order asked for. */
  readonly isSorted: boolean;
  /** Whether the filter or the order made use of the index at all. */
  readonly isServing: boolean;
  /** Whether the filter matches exactly the documents of the entries in the ranges, each of which has one entry. */
  readonly isCovering: boolean;
  /** Whether each range holds one entry at most, whose key is where the range starts. */
  readonly isUnique: boolean;
}

type Question = Pick<FindOptions, 'sort' | 'limit' | 'hint'>;

/** The most keys that `$in`s on several fields of an index are multiplied out to. */
const MAX_RANGES = 512;

/**
 * Chooses the index for a query: equality counts most, then a range, then an order that spares sorting (more where a
 * limit lets it stop early). A sparse index serves only where documents without its fields cannot match, or by `hint`.
 * Throws `InvalidOperationError` for a hint that names no index.
 */
export function choosePlan(
  indexes: readonly Index[],
  primary: PrimaryKey,
  constraints: Constraints,
  question: Question,
): Plan {
  const { hint } = question;
  const candidates = [
    ...(hint === undefined || hint === '_id' ? [planWith(primary, constraints, question)] : []),
    ...indexes
      .filter(index => (hint === undefined ? isUsable(index, constraints) : index.name === hint))
      .map(index => planWith(index, constraints, question)),
  ];
  const best = candidates.reduce<Candidate | undefined>(
    (one, other) => (one === undefined || other.score > one.score ? other : one),
    undefined,
  );
  if (best === undefined) throw new InvalidOperationError(`The hint names no index: ${hint}.`);
  return best.plan;
}

/** The primary key, seen as an index over `_id`. */
export interface PrimaryKey extends Pick<Index, 'prefix' | 'fields' | 'unique' | 'sparse' | 'listFields'> {
  readonly isPrimary: true;
}

/** The primary key of the collection whose documents' keys begin with the prefix. */
export function primaryKey(prefix: Key): PrimaryKey {
  const fields = [{ name: '_id', path: ['_id'], isDescending: false }];
  return { isPrimary: true, prefix, fields, unique: true, sparse: false, listFields: 0 };
}

interface Candidate {
  readonly plan: Plan;
  readonly score: number;
}

interface Bounds {
  readonly ranges: readonly KeyRange[];
  /** How many of the index's first fields are bounded. */
  readonly bounded: number;
  /** How many of them are bounded by values, the rest by a range. */
  readonly pointed: number;
  /** The names of those that have one value. */
  readonly fixed: ReadonlySet<string>;
  readonly isExact: boolean;
}

function isUsable({ state, sparse, fields }: Index, { byPath }: Constraints): boolean {
  if (state !== 'ready') return false;
  return !sparse || fields.some(({ name }) => byPath.get(name)?.some(({ isPresent }) => isPresent) ?? false);
}

function planWith(index: Index | PrimaryKey, constraints: Constraints, { sort, limit }: Question): Candidate {
  const bounds = boundsOf(index, constraints);
  const { ranges, bounded, pointed } = bounds;
  const direction = sort === undefined ? 1 : directionOf(index, bounds, sort);
  const isSorted = direction !== undefined;
  const isPrimary = 'isPrimary' in index;
  const isUnique = index.unique && pointed === index.fields.length;
  const isOrdered = sort !== undefined && isSorted && Object.keys(sort).length > 0;
  const ordering = isOrdered ? (limit === undefined ? 1 : 8) : 0;
  const score =
    (isUnique ? 1000 : 0) +
    pointed * 10 +
    (bounded > pointed ? 6 : 0) +
    ordering +
    (index.sparse ? 2 : 0) +
    (isPrimary ? 0.5 : 0);
  const plan: Plan = {
    index: isPrimary ? undefined : index,
    ranges,
    isReverse: direction === -1,
    isSorted,
    isServing: bounded > 0 || isOrdered || !isPrimary,
    isCovering:
      constraints.isComplete && bounds.isExact && index.listFields === 0 && isAllBounded(index, bounded, constraints),
    isUnique,
  };
  return { plan, score };
}

function isAllBounded({ fields, sparse }: Index | PrimaryKey, bounded: number, { byPath }: Constraints): boolean {
  const names = fields.slice(0, bounded).map(({ name }) => name);
  return byPath.size === names.length && names.every(name => byPath.has(name)) && !(sparse && bounded === 0);
}

function boundsOf(index: Index | PrimaryKey, { byPath }: Constraints): Bounds {
  const fixed = new Set<string>();
  let prefixes: Key[] = [index.prefix];
  let isExact = true;
  let isListBounded = false;
  let pointed = 0;
  for (const [at, field] of index.fields.entries()) {
    const isList = (index.listFields & (1 << at)) !== 0;
    // Different elements of a list may meet the conditions on two fields: only the first of them bounds.
    const constraint = isList && isListBounded ? undefined : boundOf(byPath.get(field.name), isList);
    if (constraint === undefined) break;
    isListBounded ||= isList;
    isExact &&= constraint.isExact;
    const intervals = field.isDescending ? [...constraint.intervals].reverse() : constraint.intervals;
    if (!intervals.every(({ isPoint }) => isPoint) || prefixes.length * intervals.length > MAX_RANGES) {
      const ranges = prefixes.flatMap(prefix =>
        intervals.map(interval => rangeOf(prefix, interval, field.isDescending)),
      );
      return { ranges, bounded: at + 1, pointed, fixed, isExact };
    }
    prefixes = extended(prefixes, intervals, field);
    pointed += 1;
    if (intervals.length === 1) fixed.add(field.name);
  }
  const ranges = prefixes.map(prefix => ({ start: prefix, end: successor(prefix) }));
  return { ranges, bounded: pointed, pointed, fixed, isExact };
}

function extended(prefixes: readonly Key[], points: readonly Interval[], { isDescending }: IndexField): Key[] {
  return prefixes.flatMap(prefix => points.map(point => extend(prefix, point, isDescending)));
}

// On a list, each condition may be met by an element of its own; on a single value, all hold at once.
function boundOf(constraints: readonly Constraint[] | undefined, isList: boolean): Constraint | undefined {
  const bounding = constraints?.filter(({ intervals }) => intervals !== EVERYTHING) ?? [];
  const [only] = bounding;
  if (only === undefined) return undefined;
  const isExact = bounding.length === constraints?.length && bounding.every(constraint => constraint.isExact);
  if (bounding.length === 1) return { ...only, isExact };
  if (isList) return tightest(bounding);
  return { ...only, isExact, intervals: bounding.map(({ intervals }) => intervals).reduce(intersection) };
}

function holdsLists({ fields, listFields }: Index | PrimaryKey, name: string): boolean {
  return (listFields & (1 << fields.findIndex(field => field.name === name))) !== 0;
}

/** Which way the index must be walked to give the order: 1, -1, or undefined when it does not. */
function directionOf(index: Index | PrimaryKey, { fixed }: Bounds, sort: Sort): 1 | -1 | undefined {
  // A field that has one value in every match orders nothing.
  const wanted = Object.entries(sort).filter(([name]) => !fixed.has(name) || holdsLists(index, name));
  let direction: 1 | -1 | undefined;
  const ending: readonly IndexField[] = index.unique ? [] : [{ name: '_id', path: ['_id'], isDescending: false }];
  let next = 0;
  for (const { name, isDescending } of [...index.fields, ...ending]) {
    const [wantedName, wantedDirection] = wanted[next] ?? [];
    if (wantedName === undefined || wantedDirection === undefined) break;
    if (wantedName !== name) {
      if (!fixed.has(name)) return undefined;
      continue;
    }
    // A list sorts by its least or greatest element, whichever entries the filter leaves.
    if (holdsLists(index, name)) return undefined;
    next += 1;
    const needed = (wantedDirection === 1) === isDescending ? -1 : 1;
    if (direction !== undefined && direction !== needed) return undefined;
    direction = needed;
    // Nothing sorts behind an _id: no two documents share one.
    if (name === '_id') return direction;
  }
  const isServed = next === wanted.length || (index.unique && index.listFields === 0);
  return isServed ? (direction ?? 1) : undefined;
}
