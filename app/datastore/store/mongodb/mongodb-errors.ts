import {
  BSON,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerError,
  MongoSystemError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { type CollectionSpec, DuplicateKeyError, InvalidOperationError } from '../collection.ts';

/** The name under which MongoDB stands in `ServiceUnavailableError`. */
export const DEPENDENCY = 'mongodb';

/**
 * MongoDB's codes that say "not now" of an operation that is right in itself: a server that stops, a primary that
 * stepped down, a time limit, a cursor that went with its server. Everything else that a server answers with a code is
 * a refusal. Names and numbers: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
 */
const UNAVAILABLE_CODES: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  18, // AuthenticationFailed: credentials that worked at start-up and are being rotated
  24, // LockTimeout
  43, // CursorNotFound
  46, // LockBusy
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  89, // NetworkTimeout
  91, // ShutdownInProgress
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  175, // QueryPlanKilled
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  237, // CursorKilled
  262, // ExceededTimeLimit
  365, // TemporarilyUnavailable
  391, // ReauthenticationRequired
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10058, // NotPrimary of old servers
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

const DUPLICATE_KEY_CODES: ReadonlySet<number | string | undefined> = new Set([11000, 11001]);

/** The driver's classes for "no server answers", which carry no code of a server. */
const UNAVAILABLE_CLASSES = [
  MongoNetworkError,
  MongoSystemError,
  MongoTopologyClosedError,
  MongoNotConnectedError,
  MongoClientClosedError,
  MongoServerClosedError,
  MongoExpiredSessionError,
  // The write was done on the primary, and is not (yet) on the majority: undecided.
  MongoWriteConcernError,
] as const;

/** What one write of a bulk failed with, as the driver shows it. */
export interface WriteFailure {
  readonly code: number | string | undefined;
  readonly message: string;
  /** The fields of the violated index, where the server says so. */
  readonly keyPattern?: unknown;
  readonly cause: unknown;
}

/** Turns an error of the driver into one of the store's. Gives back anything else as it is. */
export function storeErrorOf(error: unknown, spec: CollectionSpec): unknown {
  if (isUnavailable(error)) return new ServiceUnavailableError(DEPENDENCY, { cause: error });
  if (error instanceof MongoServerError) {
    const { code, message } = error;
    return refusalOf({ code, message, keyPattern: error['keyPattern'], cause: error }, spec);
  }
  if (error instanceof MongoError || error instanceof BSON.BSONError) return invalid(error.message, error);
  return error;
}

/** Turns a write that the server refused into the store's error for it. */
export function refusalOf(failure: WriteFailure, spec: CollectionSpec): DuplicateKeyError | InvalidOperationError {
  const { code, message, cause } = failure;
  if (DUPLICATE_KEY_CODES.has(code)) return new DuplicateKeyError(spec.name, violatedIndex(failure, spec), { cause });
  return invalid(message, cause);
}

/** Whether an error says that the database cannot be reached or cannot work now. A write is then undecided. */
export function isUnavailable(error: unknown): boolean {
  // A bulk write error carries the code of its first write, which is an answer about that write alone.
  if (error instanceof MongoBulkWriteError) return error.result.getWriteConcernError() !== undefined;
  if (UNAVAILABLE_CLASSES.some(type => error instanceof type)) return true;
  // The pool's own time-out (no connection came free) is exported as a type, not as a class.
  if (error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError') return true;
  return error instanceof MongoServerError && isUnavailableCode(error.code);
}

/** Whether a code of a server says "not now", so that its write is undecided. */
export function isUnavailableCode(code: number | string | undefined): boolean {
  return typeof code === 'number' && UNAVAILABLE_CODES.has(code);
}

const invalid = (message: string, cause: unknown): InvalidOperationError =>
  new InvalidOperationError(`MongoDB refused the operation: ${message}`, { cause });

/**
 * The name of the index that a write violates. The message names it, in front of any value of a document (`E11000
 * duplicate key error collection: db.markets index: slug_1 dup key: { slug: "…" }`); a server that leaves it out may
 * name the fields.
 */
function violatedIndex({ message, keyPattern }: WriteFailure, spec: CollectionSpec): string {
  const named = /^.*?\bindex: (?:\S+\.\$)?(\S+)/.exec(message)?.[1];
  if (named === '_id_') return '_id';
  if (spec.indexes.some(({ name }) => name === named)) return named ?? '_id';
  const fields = JSON.stringify(keyPattern);
  return spec.indexes.find(({ key }) => JSON.stringify(key) === fields)?.name ?? named ?? '_id';
}
