import { ServiceError, ServiceUnavailableError } from '../../../../lib/errors.ts';
import {
  type BulkOperation,
  type BulkResult,
  type Collection,
  type CollectionSpec,
  DuplicateKeyError,
  type Filter,
  type FindOptions,
  InvalidOperationError,
  type StoredDocument,
} from '../collection.ts';
import { type Batch } from './batch.ts';
import { type CollectionState } from './catalog.ts';
import { type Environment } from './environment.ts';
import { assertFilter } from './filter-syntax.ts';
import { type IndexBuilder } from './index-builder.ts';
import { isSameIndex } from './index-definition.ts';
import { valueKey } from './keys.ts';
import { splitPath, valuesAt } from './paths.ts';
import { compileFilter } from './predicate.ts';
import { compileProjection } from './projection.ts';
import { countDocuments, findDocuments, prepareQuery, type Steps } from './query.ts';
import { type Document, isList, storableFields } from './values.ts';
import { readView, type View } from './view.ts';
import { type WriteQueue } from './write-queue.ts';
import { deletingAll, deletingFirst, resultOf, updatingAll, updatingFirst } from './writes.ts';

/** What a collection works with. */
export interface CollectionParts {
  readonly environment: Environment;
  readonly queue: WriteQueue;
  readonly builder: IndexBuilder;
  readonly isClosed: () => boolean;
}

/** A query that takes longer than this gives way to others before it goes on. */
const SLICE_MS = 8;

/** The embedded store's `Collection`. */
export function createEmbeddedCollection<T extends StoredDocument>(
  state: CollectionState,
  spec: CollectionSpec,
  { environment, queue, builder, isClosed }: CollectionParts,
): Collection<T> {
  const assertOpen = (): void => {
    if (isClosed()) throw new ServiceUnavailableError('embedded store', { message: 'The store is closed.' });
  };
  const newView = (): View => {
    assertOpen();
    return readView(environment);
  };
  const read = async <R>(query: (view: View) => Steps<R>): Promise<R> => {
    const view = newView();
    view.snapshot.retain();
    try {
      return await paced(query(view), assertOpen);
    } finally {
      view.snapshot.release();
    }
  };
  const select = (filter: Filter, options: FindOptions = {}): Promise<Document[]> => {
    const query = prepareQuery(state, filter, options);
    return read(view => findDocuments(view, state, query));
  };
  const selectById = (id: string, filter: Filter): Document | undefined => {
    const document = newView().document(state, id);
    if (Object.keys(filter).length === 1) return document;
    assertFilter(filter);
    return document !== undefined && compileFilter(filter)(document) ? document : undefined;
  };

  return {
    name: spec.name,
    async insertOne(document) {
      const copy = documentOf(document);
      await queue.run(batch => batch.insert(state, copy));
    },
    async findOne(filter, options = {}) {
      const project = compileProjection(options.projection);
      const found =
        typeof filter['_id'] === 'string' && options.hint === undefined
          ? selectById(filter['_id'], filter)
          : (await select(filter, { ...options, limit: 1 }))[0];
      return found === undefined ? null : typed<T>(project(found));
    },
    async find(filter, options) {
      const found = await select(filter, options);
      if (options?.projection === undefined) return found as StoredDocument[] as T[];
      const project = compileProjection(options.projection);
      return found.map(document => typed<T>(project(document)));
    },
    async countDocuments(filter) {
      const query = prepareQuery(state, filter);
      return read(view => countDocuments(view, state, query));
    },
    async distinct(field, filter = {}) {
      const path = splitPath(field);
      const values = (await select(filter)).flatMap(document => valuesAt(document, path).flatMap(elementsOf));
      return [...new Map(values.map(value => [valueKey(value), value])).values()];
    },
    async updateOne(filter, update, { upsert } = {}) {
      return resultOf(await queue.run(updatingFirst(state, { filter, update, upsert })));
    },
    async updateMany(filter, update) {
      return queue.run(updatingAll(state, filter, update));
    },
    async findOneAndUpdate(filter, update, { sort, upsert, returnDocument = 'after' } = {}) {
      const updated = await queue.run(updatingFirst(state, { filter, update, upsert, sort }));
      const document = updated[returnDocument];
      return document === undefined ? null : typed<T>(document);
    },
    async deleteOne(filter) {
      return queue.run(deletingFirst(state, filter));
    },
    async deleteMany(filter) {
      return queue.run(deletingAll(state, filter));
    },
    async bulkWrite(operations) {
      return queue.run(batch => bulkWrite(batch, state, operations));
    },
    createIndexes: () => builder.build(state, spec),
    async missingIndexes() {
      const isThere = (index: CollectionSpec['indexes'][number]): boolean =>
        state.indexes.some(known => known.state === 'ready' && isSameIndex(known, index));
      return spec.indexes.filter(index => !isThere(index)).map(({ name }) => name);
    },
    async explain(filter, options = {}) {
      const query = prepareQuery(state, filter, options);
      const tally = { examined: 0 };
      await read(view => findDocuments(view, state, query, tally));
      const { index, isServing, isSorted } = query.plan;
      return {
        index: index?.name ?? (isServing ? '_id' : null),
        examined: tally.examined,
        sortedByIndex: query.sort !== undefined && isSorted,
      };
    },
  };
}

function documentOf(document: StoredDocument): Document {
  return storableFields(document) as Document;
}

// The store holds what datastores gave it, whose type they know.
function typed<T extends StoredDocument>(document: StoredDocument): T {
  return document as T;
}

function elementsOf(value: unknown): readonly unknown[] {
  return isList(value) ? value : [value];
}

function bulkWrite(
  batch: Batch,
  state: CollectionState,
  operations: readonly BulkOperation<StoredDocument>[],
): BulkResult {
  const failures: { index: number; error: BulkResult['failures'][number]['error'] }[] = [];
  let insertedCount = 0;
  let matchedCount = 0;
  let modifiedCount = 0;
  let deletedCount = 0;
  const carryOut = (operation: BulkOperation<StoredDocument>): void => {
    if ('insertOne' in operation) {
      batch.insert(state, documentOf(operation.insertOne.document));
      insertedCount += 1;
    } else if ('updateOne' in operation) {
      const result = resultOf(updatingFirst(state, operation.updateOne)(batch));
      matchedCount += result.matchedCount;
      modifiedCount += result.modifiedCount;
    } else {
      deletedCount += deletingFirst(state, operation.deleteOne.filter)(batch);
    }
  };
  operations.forEach((operation, index) => {
    try {
      batch.attempt(() => carryOut(operation));
    } catch (error) {
      if (!(
        error instanceof DuplicateKeyError ||
        error instanceof InvalidOperationError ||
        error instanceof ServiceError
      ))
        throw error;
      failures.push({ index, error });
    }
  });
  return { insertedCount, matchedCount, modifiedCount, deletedCount, failures };
}

// Whatever waited for its turn is told when the store was closed meanwhile, and touches the database no more.
async function paced<R>(steps: Steps<R>, assertOpen: () => void): Promise<R> {
  let end = performance.now() + SLICE_MS;
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() < end) continue;
      await new Promise(resolve => setImmediate(resolve));
      assertOpen();
      end = performance.now() + SLICE_MS;
    }
  } finally {
    steps.return(undefined as never);
  }
}
