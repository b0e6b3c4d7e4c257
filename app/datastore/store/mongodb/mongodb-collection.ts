import {
  type AnyBulkWriteOperation,
  type Collection as DriverCollection,
  type Db,
  type FindOptions as DriverFindOptions,
  type IndexDescriptionInfo,
  MongoBulkWriteError,
  MongoServerError,
  type ObjectId,
  type UpdateResult as DriverUpdateResult,
} from 'mongodb';
import {
  type BulkOperation,
  type BulkResult,
  type Collection,
  type CollectionSpec,
  type FindOptions,
  type StoredDocument,
  type UpdateResult,
} from '../collection.ts';
import { createIdCodec, type IdCodec } from './id-codec.ts';
import { bulkFailuresOf, storeErrorOf } from './mongodb-errors.ts';
import { isSameIndex } from './mongodb-indexes.ts';
import { explanationOf } from './mongodb-explanation.ts';

/** A document as the driver handles it: its `_id` may be an ObjectId. */
interface Row {
  _id: string | ObjectId;
  [field: string]: unknown;
}

export interface MongodbCollectionDeps {
  readonly db: Db;
  /** How long the server may work on one read, in milliseconds. */
  readonly maxTimeMs: number;
  /** Throws when the store is closed. */
  readonly assertOpen: () => void;
}

const NAMESPACE_NOT_FOUND = 26;

/** A collection of MongoDB, through the official driver. */
export function createMongodbCollection<T extends StoredDocument>(
  spec: CollectionSpec,
  { db, maxTimeMs: maxTimeMS, assertOpen }: MongodbCollectionDeps,
): Collection<T> {
  const rows = db.collection<Row>(spec.name);
  const codec = createIdCodec(spec.ids);

  const documentOf = (row: Row | null): T | null => codec.decodeDocument(row) as T | null;

  const run = async <R>(operation: () => Promise<R>): Promise<R> => {
    try {
      assertOpen();
      return await operation();
    } catch (error) {
      throw storeErrorOf(error, spec);
    }
  };

  return {
    name: spec.name,

    insertOne: document =>
      run(async () => {
        await rows.insertOne(codec.encodeDocument(document) as Row);
      }),

    findOne: (filter, options = {}) =>
      run(async () =>
        documentOf(await rows.findOne(codec.encodeFilter(filter), { ...findOptionsOf(options), maxTimeMS })),
      ),

    find: (filter, options = {}) =>
      run(async () => {
        const found = await rows.find(codec.encodeFilter(filter), { ...findOptionsOf(options), maxTimeMS }).toArray();
        for (const row of found) codec.decodeDocument(row);
        return found as unknown as T[];
      }),

    countDocuments: filter => run(() => rows.countDocuments(codec.encodeFilter(filter), { maxTimeMS })),

    distinct: (field, filter = {}) =>
      run(async () => {
        const values: unknown[] = await rows.distinct(field, codec.encodeFilter(filter), { maxTimeMS });
        return values.map(value => codec.decodeValue(field, value));
      }),

    updateOne: (filter, update, { upsert = false } = {}) =>
      run(async () =>
        updateResultOf(await rows.updateOne(codec.encodeFilter(filter), codec.encodeUpdate(update), { upsert })),
      ),

    updateMany: (filter, update) =>
      run(async () => updateResultOf(await rows.updateMany(codec.encodeFilter(filter), codec.encodeUpdate(update)))),

    findOneAndUpdate: (filter, update, { sort, upsert = false, returnDocument = 'after' } = {}) =>
      run(async () => {
        const options = { upsert, returnDocument, ...(sort !== undefined && { sort }) };
        return documentOf(await rows.findOneAndUpdate(codec.encodeFilter(filter), codec.encodeUpdate(update), options));
      }),

    deleteOne: filter => run(async () => (await rows.deleteOne(codec.encodeFilter(filter))).deletedCount),

    deleteMany: filter => run(async () => (await rows.deleteMany(codec.encodeFilter(filter))).deletedCount),

    bulkWrite: operations =>
      run(async () => {
        // The driver refuses an empty list.
        if (operations.length === 0) return { ...NOTHING_WRITTEN, failures: [] };
        const bulk = operations.map(operation => bulkOperationOf(operation, codec));
        return carryOut(rows, bulk, spec);
      }),

    createIndexes: () =>
      run(async () => {
        if (spec.indexes.length === 0) return;
        await rows.createIndexes(
          spec.indexes.map(({ name, key, unique, sparse }) => ({
            name,
            key,
            ...(unique === true && { unique }),
            ...(sparse === true && { sparse }),
          })),
        );
      }),

    missingIndexes: () =>
      run(async () => {
        const present = await findIndexes(rows);
        return spec.indexes.filter(index => !present.some(one => isSameIndex(one, index))).map(({ name }) => name);
      }),

    explain: (filter, options = {}) =>
      run(async () => {
        const cursor = rows.find(codec.encodeFilter(filter), findOptionsOf(options));
        return explanationOf(await cursor.explain('executionStats'), options.sort);
      }),
  };
}

function findOptionsOf({ sort, skip, limit, projection, hint }: FindOptions): DriverFindOptions {
  return {
    ...(sort !== undefined && { sort }),
    ...(skip !== undefined && { skip }),
    ...(limit !== undefined && { limit }),
    ...(projection !== undefined && { projection }),
    ...(hint !== undefined && { hint: hint === '_id' ? '_id_' : hint }),
  };
}

function updateResultOf({ matchedCount, modifiedCount, upsertedId }: DriverUpdateResult<Row>): UpdateResult {
  return { matchedCount, modifiedCount, ...(upsertedId !== null && { upsertedId: String(upsertedId) }) };
}

const NOTHING_WRITTEN = { insertedCount: 0, matchedCount: 0, modifiedCount: 0, deletedCount: 0 } as const;

function bulkOperationOf<T extends StoredDocument>(
  operation: BulkOperation<T>,
  codec: IdCodec,
): AnyBulkWriteOperation<Row> {
  if ('insertOne' in operation) {
    const { document } = operation.insertOne;
    return { insertOne: { document: codec.encodeDocument(document) as Row } };
  }
  if ('deleteOne' in operation) {
    return { deleteOne: { filter: codec.encodeFilter(operation.deleteOne.filter) } };
  }
  const { filter, update, upsert = false } = operation.updateOne;
  return {
    updateOne: {
      filter: codec.encodeFilter(filter),
      update: codec.encodeUpdate(update),
      upsert,
    },
  };
}

async function carryOut(
  rows: DriverCollection<Row>,
  bulk: AnyBulkWriteOperation<Row>[],
  spec: CollectionSpec,
): Promise<BulkResult> {
  try {
    const { insertedCount, matchedCount, modifiedCount, deletedCount } = await rows.bulkWrite(bulk, { ordered: false });
    return { insertedCount, matchedCount, modifiedCount, deletedCount, failures: [] };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = bulkFailuresOf(error, spec);
    if (failures === undefined) throw error;
    const { insertedCount, matchedCount, modifiedCount, deletedCount } = error;
    return { insertedCount, matchedCount, modifiedCount, deletedCount, failures };
  }
}

async function findIndexes(rows: DriverCollection<Row>): Promise<IndexDescriptionInfo[]> {
  try {
    return await rows.indexes();
  } catch (error) {
    // A collection that nothing was written to does not exist, and has no indexes.
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}
