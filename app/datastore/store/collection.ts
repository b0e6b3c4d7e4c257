import { type ServiceError } from '../../../lib/errors.ts';

/** Anything that a collection holds. `_id` is a string in the service; the MongoDB store keeps 24-hex ids as ObjectIds. */
export interface StoredDocument {
  readonly _id: string;
}

/** A filter in MongoDB's query language. Built by datastores from validated values, never from a client's object. */
export type Filter = Readonly<Record<string, unknown>>;

/** An update in MongoDB's update operators (`$set`, `$unset`, `$inc`, `$push`, `$pull`, `$addToSet`, `$setOnInsert`, `$min`, `$max`). */
export type Update = Readonly<Record<`$${string}`, Readonly<Record<string, unknown>>>>;

/** Field → direction. Order matters, as in MongoDB. */
export type Sort = Readonly<Record<string, 1 | -1>>;

export interface IndexSpec {
  /** The name of the index, given back by duplicate-key errors and by `explain`. */
  readonly name: string;
  readonly key: Sort;
  readonly unique?: boolean;
  /** Leaves out documents that have none of the key's fields. */
  readonly sparse?: boolean;
}

/** What a collection is: its name, the fields (dotted paths) that hold 24-hex ids, and its indexes besides `_id`. */
export interface CollectionSpec {
  readonly name: string;
  readonly ids: readonly string[];
  readonly indexes: readonly IndexSpec[];
}

export interface FindOptions {
  readonly sort?: Sort;
  readonly skip?: number;
  readonly limit?: number;
  /** Fields to give back (`_id` always is); all when left out. */
  readonly projection?: Readonly<Record<string, 1>>;
  /** The index that serves the query; without it the store chooses. */
  readonly hint?: string;
}

export interface UpdateResult {
  readonly matchedCount: number;
  readonly modifiedCount: number;
  /** The id of a document that an upsert made. */
  readonly upsertedId?: string;
}

export type BulkOperation<T> =
  | { readonly insertOne: { readonly document: T } }
  | { readonly updateOne: { readonly filter: Filter; readonly update: Update; readonly upsert?: boolean } }
  | { readonly deleteOne: { readonly filter: Filter } };

export interface BulkResult {
  readonly insertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  /** The operations that failed, by their place in the list. Unordered: the others were carried out. */
  readonly failures: readonly {
    readonly index: number;
    readonly error: ServiceError | DuplicateKeyError | InvalidOperationError;
  }[];
}

/** How a query is served. */
export interface Explanation {
  /** The index's name, `_id`, or null for a scan of the whole collection. */
  readonly index: string | null;
  /** How many index entries (or documents, when there is no index) were looked at. */
  readonly examined: number;
  /** Whether the order asked for came from the index, so that nothing was sorted in memory. */
  readonly sortedByIndex: boolean;
}

/**
 * The narrow door to a database: MongoDB's own filter and update language, over two implementations (MongoDB through
 * the official driver, and the embedded store) that one contract suite holds to the same behaviour.
 *
 * - Documents given back are to be treated as immutable; the embedded store freezes them.
 * - A write is acknowledged when it survives the end of the process (embedded: flushed; MongoDB: majority, journaled).
 * - A field whose value is `undefined` is left out.
 * - Errors: `DuplicateKeyError` names the index; `ServiceUnavailableError` when the database cannot be reached, in
 *   which case a write may or may not have been done; `InvalidOperationError` for what MongoDB refuses (`$inc` on a
 *   string, `$push` on a non-array, a change of `_id`).
 */
export interface Collection<T extends StoredDocument> {
  readonly name: string;
  insertOne(document: T): Promise<void>;
  findOne(filter: Filter, options?: Omit<FindOptions, 'skip' | 'limit'>): Promise<T | null>;
  find(filter: Filter, options?: FindOptions): Promise<T[]>;
  countDocuments(filter: Filter): Promise<number>;
  distinct(field: string, filter?: Filter): Promise<unknown[]>;
  updateOne(filter: Filter, update: Update, options?: { readonly upsert?: boolean }): Promise<UpdateResult>;
  updateMany(filter: Filter, update: Update): Promise<UpdateResult>;
  /** Updates the first match and gives the document before or after (the default) it; null when nothing matched. */
  findOneAndUpdate(
    filter: Filter,
    update: Update,
    options?: { readonly sort?: Sort; readonly upsert?: boolean; readonly returnDocument?: 'before' | 'after' },
  ): Promise<T | null>;
  deleteOne(filter: Filter): Promise<number>;
  deleteMany(filter: Filter): Promise<number>;
  /** Carries out the operations unordered: one that fails stops no other. */
  bulkWrite(operations: readonly BulkOperation<T>[]): Promise<BulkResult>;
  /** Creates the indexes of the spec that are missing (idempotent). Throws when existing data breaks a unique one. */
  createIndexes(): Promise<void>;
  /** The names of the spec's indexes that the database does not have. */
  missingIndexes(): Promise<string[]>;
  explain(filter: Filter, options?: FindOptions): Promise<Explanation>;
}

/** A database: opened once by the composition root, closed last. */
export interface Store {
  /** Where the data lies, fit to be shown: a folder, or a host without credentials. */
  readonly location: string;
  readonly kind: 'embedded' | 'mongodb';
  collection<T extends StoredDocument>(spec: CollectionSpec): Collection<T>;
  /** Throws `ServiceUnavailableError` when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A unique index refused a write. MongoDB's code 11000. Datastores turn it into a conflict of the domain. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError';
  readonly code = 11000;
  readonly collection: string;
  /** The name of the index, `_id` for the primary key. */
  readonly index: string;

  constructor(collection: string, index: string, options: { cause?: unknown } = {}) {
    super(`Duplicate key in ${collection}, index ${index}.`, options);
    this.collection = collection;
    this.index = index;
  }
}

/** The database refused an operation that is wrong in itself; a fault of ours, answered as an internal error. */
export class InvalidOperationError extends Error {
  override readonly name = 'InvalidOperationError';
}
