import { type Filter, type FindOptions, type Sort } from '../collection.ts';
import { type CollectionState } from './catalog.ts';
import { constraintsOf } from './constraints.ts';
import { type KeyRange } from './intervals.ts';
import { assertFilter } from './filter-syntax.ts';
import { descending, EMPTY_LIST_KEY, type Key, NULL_KEY, textOfKey, valueKey } from './keys.ts';
import { splitPath, valuesAt } from './paths.ts';
import { choosePlan, type Plan } from './planner.ts';
import { compileFilter, type Predicate } from './predicate.ts';
import { type Document, isList } from './values.ts';
import { type View } from './view.ts';

/** A filter made ready: what it matches and how it is looked up. */
export interface Query {
  readonly matches: Predicate;
  readonly plan: Plan;
  readonly sort: Sort | undefined;
  readonly skip: number;
  readonly limit: number;
}

/** Counts what a query looks at. */
export interface Tally {
  examined: number;
}

/** Steps of a query between which it may be interrupted; its end gives the result. */
export type Steps<R> = Generator<undefined, R, undefined>;

/** After how many candidates a query may be interrupted. */
const STEP = 64;
/** How many more documents than were asked for are kept before those that come last are let go. */
const KEPT_BEYOND = 1024;

/** Prepares a query. Throws `InvalidOperationError` for a filter or hint that is not valid. */
export function prepareQuery(state: CollectionState, filter: Filter, options: FindOptions = {}): Query {
  assertFilter(filter);
  const { skip = 0, limit: asked } = options;
  // As in MongoDB, a limit of 0 is none.
  const limit = asked === undefined || asked === 0 ? Infinity : Math.abs(asked);
  const sort = options.sort !== undefined && Object.keys(options.sort).length > 0 ? options.sort : undefined;
  const question = {
    ...(sort && { sort }),
    ...(limit < Infinity && { limit }),
    ...(options.hint !== undefined && { hint: options.hint }),
  };
  const plan = choosePlan(state.indexes, state.primary, constraintsOf(filter), question);
  return { matches: compileFilter(filter), plan, sort, skip, limit };
}

/** Finds the documents that match, in the order asked for. */
export function* findDocuments(
  view: View,
  state: CollectionState,
  query: Query,
  tally: Tally = { examined: 0 },
): Steps<Document[]> {
  const { plan, sort, skip, limit } = query;
  const isInOrder = sort === undefined || plan.isSorted;
  const enough = skip + limit;
  let found: Document[] = [];
  if (enough > 0) {
    for (const document of candidates(view, state, query, tally)) {
      if (document !== undefined) {
        found.push(document);
        if (isInOrder && found.length >= enough) break;
        // As many as were asked for are kept of however many match.
        if (!isInOrder && found.length >= 2 * enough + KEPT_BEYOND) found = sortDocuments(found, sort).slice(0, enough);
      }
      if (tally.examined % STEP === 0) yield;
    }
  }
  const changed = changedMatches(view, state, query);
  // One by one: a batch may have changed more than a call takes as arguments.
  for (const document of changed) found.push(document);
  const ordered = sort !== undefined && (changed.length > 0 || !isInOrder) ? sortDocuments(found, sort) : found;
  return skip === 0 && ordered.length <= limit ? ordered : ordered.slice(skip, enough);
}

/** Counts the documents that match: without reading them where the index says all, and without keeping them anywhere else. */
export function* countDocuments(view: View, state: CollectionState, query: Query): Steps<number> {
  const { index, ranges, isCovering } = query.plan;
  if (isCovering && view.changed(state) === undefined) {
    const { snapshot } = view;
    const count = (range: KeyRange): number =>
      index === undefined ? snapshot.countDocuments(range) : snapshot.countEntries(range);
    return ranges.reduce((sum, range) => sum + count(range), 0);
  }
  const tally = { examined: 0 };
  let count = 0;
  for (const document of candidates(view, state, query, tally)) {
    if (document !== undefined) count += 1;
    if (tally.examined % STEP === 0) yield;
  }
  return count + changedMatches(view, state, query).length;
}

/** Runs a query to its end in one go. */
export function finish<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Sorts documents as an index would: a list by its least element, or by its greatest when descending. */
export function sortDocuments(documents: readonly Document[], sort: Sort): Document[] {
  const fields = Object.entries(sort).map(([name, direction]) => ({ path: splitPath(name), direction }));
  const keyOf = (document: Document): Key =>
    fields.map(({ path, direction }) => sortKey(document, path, direction)).join('');
  return documents
    .map(document => ({ document, key: keyOf(document) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ document }) => document);
}

function sortKey(document: Document, path: readonly string[], direction: 1 | -1): Key {
  const keys = valuesAt(document, path).flatMap(value => {
    if (!isList(value)) return [valueKey(value)];
    return value.length === 0 ? [EMPTY_LIST_KEY] : value.map(valueKey);
  });
  const chosen = keys.reduce<Key | undefined>(
    (best, key) => (best === undefined || (direction === 1 ? key < best : key > best) ? key : best),
    undefined,
  );
  return direction === 1 ? (chosen ?? NULL_KEY) : descending(chosen ?? NULL_KEY);
}

/** The documents that match and were changed since the snapshot was taken. */
function changedMatches(view: View, state: CollectionState, { matches }: Query): Document[] {
  const found: Document[] = [];
  for (const document of view.changed(state)?.values() ?? []) {
    if (document !== null && matches(document)) found.push(document);
  }
  return found;
}

/** What the plan leads to in the snapshot: a document that matches, or undefined for one that does not. */
function* candidates(view: View, state: CollectionState, query: Query, tally: Tally): Generator<Document | undefined> {
  const changed = view.changed(state);
  const seen = query.plan.index?.listFields ? new Set<string>() : undefined;
  for (const id of ids(view, state, query.plan)) {
    tally.examined += 1;
    if (changed?.has(id) === true || seen?.has(id) === true) {
      yield undefined;
      continue;
    }
    seen?.add(id);
    const document = view.document(state, id);
    yield document !== undefined && query.matches(document) ? document : undefined;
  }
}

function* ids({ snapshot }: View, { prefix }: CollectionState, plan: Plan): Generator<string> {
  const { index, isReverse, isUnique } = plan;
  for (const range of isReverse ? [...plan.ranges].reverse() : plan.ranges) {
    if (index === undefined) {
      if (isUnique) yield textOfKey(range.start.slice(prefix.length));
      else for (const key of snapshot.documentKeys(range, isReverse)) yield textOfKey(key.slice(prefix.length));
    } else if (isUnique) {
      const id = snapshot.entry(range.start);
      if (id !== undefined) yield id;
    } else {
      for (const { value } of snapshot.entries(range, isReverse)) yield value;
    }
  }
}
