import {
  BSON,
  MongoBulkWriteError,
  MongoCompatibilityError,
  MongoError,
  MongoInvalidArgumentError,
  MongoParseError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { type BulkResult, type CollectionSpec, DuplicateKeyError, InvalidOperationError } from '../collection.ts';

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

/** What the driver itself refuses before anything is sent. */
const REFUSED_BY_DRIVER = [
  MongoInvalidArgumentError,
  MongoCompatibilityError,
  MongoParseError,
  BSON.BSONError,
] as const;

/** What sockets say that broke. */
const SOCKET_CODE = /^(?:EPIPE|ECONN[A-Z]+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_STREAM_[A-Z_]+|ERR_SOCKET_[A-Z_]+)$/;

interface Refusal {
  readonly code: number | string | undefined;
  readonly message: string;
  /** The fields of the violated index, where the server says so. */
  readonly keyPattern?: unknown;
  readonly cause: unknown;
}

/** Turns an error of the driver into one of the store's. Gives back anything else as it is. */
export function storeErrorOf(error: unknown, spec: CollectionSpec): unknown {
  if (REFUSED_BY_DRIVER.some(type => error instanceof type)) return invalid((error as Error).message, error);
  if (isOfSocket(error)) return unavailable(error);
  if (!(error instanceof MongoError)) return error;
  if (!(error instanceof MongoServerError) || isUndecided(error)) return unavailable(error);
  const { code, message } = error;
  return refusalOf({ code, message, keyPattern: error['keyPattern'], cause: error }, spec);
}

/** Whether an error is a socket's own: the driver hands it on as it is when a connection breaks while a command is written. */
function isOfSocket(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && SOCKET_CODE.test(code);
}

/**
 * Whether an answer leaves open what became of the operation. (So does every error without an answer: whatever the
 * driver does not refuse itself, from a lost connection to an empty pool, it may have sent.)
 */
function isUndecided(error: MongoServerError): boolean {
  // Done on the primary, and not (yet) on the majority.
  if (error instanceof MongoWriteConcernError) return true;
  if (error instanceof MongoBulkWriteError) {
    // The driver wraps a lost connection in one as well: then without a code, and without the original error.
    if (error.code === undefined || error.result.getWriteConcernError() !== undefined) return true;
  }
  return isUnavailableCode(error.code) || error.hasErrorLabel('RetryableWriteError');
}

/**
 * What became of the writes of an unordered bulk that failed, by their place in it. Undefined when the error is about
 * the bulk as a whole, so that nothing is known of any write.
 */
export function bulkFailuresOf(error: MongoBulkWriteError, spec: CollectionSpec): BulkResult['failures'] | undefined {
  const writeErrors = [error.writeErrors].flat();
  if (writeErrors.length === 0 || error.result.getWriteConcernError() !== undefined) return undefined;
  return writeErrors.map(({ index, code, errmsg: message = '' }) => {
    const cause = new Error(message, { cause: code });
    const failure = isUnavailableCode(code) ? unavailable(cause) : refusalOf({ code, message, cause }, spec);
    return { index, error: failure };
  });
}

function refusalOf(refusal: Refusal, spec: CollectionSpec): DuplicateKeyError | InvalidOperationError {
  const { code, message, cause } = refusal;
  if (DUPLICATE_KEY_CODES.has(code)) return new DuplicateKeyError(spec.name, violatedIndex(refusal, spec), { cause });
  return invalid(message, cause);
}

const isUnavailableCode = (code: number | string | undefined): boolean =>
  typeof code === 'number' && UNAVAILABLE_CODES.has(code);

const unavailable = (cause: unknown): ServiceUnavailableError => new ServiceUnavailableError(DEPENDENCY, { cause });

const invalid = (message: string, cause: unknown): InvalidOperationError =>
  new InvalidOperationError(`MongoDB refused the operation: ${message}`, { cause });

/**
 * The name of the index that a write violates. The message names it, in front of any value of a document (`E11000
 * duplicate key error collection: db.markets index: slug_1 dup key: { slug: "…" }`); a server that leaves it out may
 * name the fields.
 */
function violatedIndex({ message, keyPattern }: Refusal, spec: CollectionSpec): string {
  const named = /^.*?\bindex: (?:\S+\.\$)?(\S+)/.exec(message)?.[1];
  if (named === '_id_') return '_id';
  if (spec.indexes.some(({ name }) => name === named)) return named ?? '_id';
  const fields = JSON.stringify(keyPattern);
  return spec.indexes.find(({ key }) => JSON.stringify(key) === fields)?.name ?? named ?? '_id';
}
