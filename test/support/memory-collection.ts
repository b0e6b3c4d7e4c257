import { find, Query, update as applyUpdate } from 'mingo';
import {
  DuplicateKeyError,
  InvalidOperationError,
  type BulkOperation,
  type BulkResult,
  type Collection,
  type CollectionSpec,
  type Filter,
  type FindOptions,
  type IndexSpec,
  type StoredDocument,
  type Update,
  type UpdateResult,
} from '../../app/datastore/store/collection.ts';
import { ServiceError } from '../../lib/errors.ts';

type Plain = Record<string, unknown>;

/**
 * A collection in memory, for tests that decide themselves when each call happens. Every call is one atomic step. It
 * scans, where the real stores have indexes; unique indexes are checked.
 */
export function createMemoryCollection<T extends StoredDocument>(spec: CollectionSpec): Collection<T> {
  const documents = new Map<string, T>();
  const uniqueIndexes = spec.indexes.filter(index => index.unique === true);

  const select = (filter: Filter, { sort, skip, limit, projection }: FindOptions = {}): T[] => {
    let cursor = find<Plain, Plain>([...documents.values()], filter, projection);
    if (sort !== undefined) cursor = cursor.sort(sort);
    if (skip !== undefined) cursor = cursor.skip(skip);
    if (limit !== undefined && limit > 0) cursor = cursor.limit(limit);
    return cursor.all().map(document => freeze(clone(document) as T));
  };

  const selectFirst = (filter: Filter): T | undefined => {
    const id = filter['_id'];
    const candidates =
      typeof id === 'string' ? [documents.get(id)].filter(found => found !== undefined) : documents.values();
    const query = new Query<Plain>(filter);
    for (const document of candidates) if (query.test(document as unknown as Plain)) return document;
    return undefined;
  };

  const put = (document: T): void => {
    const stored = clone(document) as T;
    for (const index of uniqueIndexes) throwIfTaken(index, stored);
    documents.set(stored._id, freeze(stored));
  };

  const throwIfTaken = (index: IndexSpec, document: T): void => {
    const keys = indexKeys(index, document);
    for (const other of documents.values()) {
      if (other._id === document._id) continue;
      const taken = indexKeys(index, other);
      if (keys.some(key => taken.includes(key))) throw new DuplicateKeyError(spec.name, index.name);
    }
  };

  const insert = (document: T): void => {
    if (documents.has(document._id)) throw new DuplicateKeyError(spec.name, '_id');
    put(document);
  };

  const change = (document: T, update: Update): boolean => {
    const { $setOnInsert: _, ...modifier } = update;
    const next = clone(document) as T;
    const changed = applyUpdate(next as Plain, modifier as Plain).length > 0;
    if (next._id !== document._id) throw new InvalidOperationError('The _id of a document cannot change.');
    if (changed) put(next);
    return changed;
  };

  const upsert = (filter: Filter, update: Update): T => {
    const seed: Plain = {};
    for (const [field, value] of Object.entries(filter)) if (!isOperators(value)) seed[field] = value;
    const { $setOnInsert, ...modifier } = update;
    applyUpdate(seed, { ...modifier, $set: { ...modifier['$set'], ...$setOnInsert } });
    insert(seed as unknown as T);
    return seed as unknown as T;
  };

  const updateOne = (filter: Filter, update: Update, isUpsert = false): UpdateResult => {
    const found = selectFirst(filter);
    if (found !== undefined) return { matchedCount: 1, modifiedCount: change(found, update) ? 1 : 0 };
    if (!isUpsert) return { matchedCount: 0, modifiedCount: 0 };
    return { matchedCount: 0, modifiedCount: 0, upsertedId: upsert(filter, update)._id };
  };

  const remove = (filter: Filter): number => {
    const found = selectFirst(filter);
    return found !== undefined && documents.delete(found._id) ? 1 : 0;
  };

  const carryOut = (operation: BulkOperation<T>): Partial<BulkResult> => {
    if ('insertOne' in operation) {
      insert(operation.insertOne.document);
      return { insertedCount: 1 };
    }
    if ('deleteOne' in operation) return { deletedCount: remove(operation.deleteOne.filter) };
    const { filter, update, upsert: isUpsert } = operation.updateOne;
    return updateOne(filter, update, isUpsert);
  };

  return {
    name: spec.name,
    insertOne: async document => insert(document),
    findOne: async (filter, options) => select(filter, { ...options, limit: 1 })[0] ?? null,
    find: async (filter, options) => select(filter, options),
    countDocuments: async filter => select(filter).length,
    distinct: async (field, filter = {}) => [...new Set(select(filter).flatMap(document => readPath(document, field)))],
    updateOne: async (filter, update, options) => updateOne(filter, update, options?.upsert),
    async updateMany(filter, update) {
      const found = select(filter);
      return { matchedCount: found.length, modifiedCount: found.filter(document => change(document, update)).length };
    },
    async findOneAndUpdate(filter, update, options = {}) {
      const [before] = select(filter, { limit: 1, ...(options.sort && { sort: options.sort }) });
      if (before === undefined) return options.upsert === true ? upsert(filter, update) : null;
      change(before, update);
      return options.returnDocument === 'before' ? before : (documents.get(before._id) ?? null);
    },
    deleteOne: async filter => remove(filter),
    deleteMany: async filter => select(filter).filter(document => documents.delete(document._id)).length,
    async bulkWrite(operations) {
      const counts = { insertedCount: 0, matchedCount: 0, modifiedCount: 0, deletedCount: 0 };
      const failures: BulkResult['failures'][number][] = [];
      operations.forEach((operation, index) => {
        try {
          const result = carryOut(operation);
          for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] += result[key] ?? 0;
        } catch (error) {
          if (!(error instanceof DuplicateKeyError || error instanceof ServiceError)) throw error;
          failures.push({ index, error });
        }
      });
      return { ...counts, failures };
    },
    createIndexes: async () => undefined,
    missingIndexes: async () => [],
    explain: async () => ({ index: null, examined: documents.size, sortedByIndex: false }),
  };
}

/** The keys that a document has in an index, as comparable strings: one per element of an array; none when sparse and absent. */
function indexKeys(index: IndexSpec, document: object): string[] {
  const values = Object.keys(index.key).map(path => readPath(document, path));
  if (index.sparse === true && values.every(found => found.length === 0)) return [];
  let keys = [''];
  for (const found of values) {
    keys = keys.flatMap(key => (found.length === 0 ? [null] : found).map(value => `${key}|${JSON.stringify(value)}`));
  }
  return keys;
}

function readPath(document: object, path: string): unknown[] {
  let values: unknown[] = [document];
  for (const key of path.split('.')) {
    values = values.flatMap(value => {
      const next = typeof value === 'object' && value !== null ? (value as Plain)[key] : undefined;
      return next === undefined ? [] : Array.isArray(next) ? (next as unknown[]) : [next];
    });
  }
  return values;
}

function isOperators(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some(key => key.startsWith('$'));
}

/** A deep copy without undefined fields. `structuredClone` would make dates of another realm under Jest. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (value instanceof Date) return new Date(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, clone(item)]));
}

function freeze<V>(value: V): V {
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
