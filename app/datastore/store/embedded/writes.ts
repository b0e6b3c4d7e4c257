import { type Filter, type FindOptions, type Sort, type Update, type UpdateResult } from '../collection.ts';
import { type Batch } from './batch.ts';
import { type CollectionState } from './catalog.ts';
import { assertFilter } from './filter-syntax.ts';
import { compileFilter } from './predicate.ts';
import { findDocuments, finish, prepareQuery } from './query.ts';
import { compileUpdate, type CompiledUpdate } from './update.ts';
import { upsertedDocument } from './upsert.ts';
import { type Document } from './values.ts';

/** What became of a guarded update of one document. */
export interface Updated {
  /** Undefined when nothing matched. */
  readonly before: Document | undefined;
  /** Undefined when nothing matched and nothing was upserted. */
  readonly after: Document | undefined;
}

/** What an update of one document takes. */
export interface UpdateRequest {
  readonly filter: Filter;
  readonly update: Update;
  readonly upsert?: boolean | undefined;
  readonly sort?: Sort | undefined;
}

/** Makes an update of the first match ready: checks it before it is queued, and gives what the queue runs. */
export function updatingFirst(state: CollectionState, request: UpdateRequest): (batch: Batch) => Updated {
  const { filter, upsert = false, sort } = request;
  const update = compileUpdate(request.update);
  const find = finding(state, filter, sort);
  return batch => {
    const before = find(batch);
    if (before !== undefined) return { before, after: replaced(batch, state, before, update) };
    if (!upsert) return { before, after: undefined };
    const after = upsertedDocument(filter, update);
    batch.insert(state, after);
    return { before, after };
  };
}

/** Makes an update of all matches ready. */
export function updatingAll(state: CollectionState, filter: Filter, update: Update): (batch: Batch) => UpdateResult {
  const compiled = compileUpdate(update);
  assertFilter(filter);
  return batch => {
    const matches = allMatches(batch, state, filter);
    const changed = matches.filter(before => replaced(batch, state, before, compiled) !== before);
    return { matchedCount: matches.length, modifiedCount: changed.length };
  };
}

/** Makes a deletion of the first match ready; gives how many were deleted. */
export function deletingFirst(state: CollectionState, filter: Filter): (batch: Batch) => number {
  const find = finding(state, filter, undefined);
  return batch => {
    const found = find(batch);
    if (found === undefined) return 0;
    batch.remove(state, found);
    return 1;
  };
}

/** Makes a deletion of all matches ready; gives how many were deleted. */
export function deletingAll(state: CollectionState, filter: Filter): (batch: Batch) => number {
  assertFilter(filter);
  return batch => {
    const matches = allMatches(batch, state, filter);
    for (const match of matches) batch.remove(state, match);
    return matches.length;
  };
}

/** How MongoDB counts what an update of one document did. */
export function resultOf({ before, after }: Updated): UpdateResult {
  if (before !== undefined) return { matchedCount: 1, modifiedCount: before === after ? 0 : 1 };
  return { matchedCount: 0, modifiedCount: 0, ...(after && { upsertedId: after._id }) };
}

function replaced(batch: Batch, state: CollectionState, before: Document, update: CompiledUpdate): Document {
  const after = update.apply(before);
  batch.replace(state, before, after);
  return after;
}

function finding(
  state: CollectionState,
  filter: Filter,
  sort: Sort | undefined,
): (batch: Batch) => Document | undefined {
  assertFilter(filter);
  const { _id: id } = filter;
  if (typeof id === 'string') {
    const matches = compileFilter(filter);
    return batch => {
      const document = batch.document(state, id);
      return document !== undefined && matches(document) ? document : undefined;
    };
  }
  const options: FindOptions = { limit: 1, ...(sort && { sort }) };
  prepareQuery(state, filter, options);
  // Planned when it runs: an index may have come or gone while the write was queued.
  return batch => finish(findDocuments(batch, state, prepareQuery(state, filter, options)))[0];
}

function allMatches(batch: Batch, state: CollectionState, filter: Filter): Document[] {
  return finish(findDocuments(batch, state, prepareQuery(state, filter)));
}
