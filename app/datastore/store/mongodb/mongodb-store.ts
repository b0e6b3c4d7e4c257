import { MongoClient, type MongoClientOptions } from 'mongodb';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { InvalidOperationError, type Store } from '../collection.ts';
import { createMongodbCollection } from './mongodb-collection.ts';
import { DEPENDENCY } from './mongodb-errors.ts';

/** Where a store says that its servers come and go. */
export interface MongodbStoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface MongodbStoreOptions {
  /** A `mongodb://` or `mongodb+srv://` URI; credentials and TLS may stand in it. */
  readonly uri: string;
  /** The database; without it the one that the URI names, or else `campaigns`. */
  readonly database?: string;
  /** How long an operation waits for a server that can take it, and for a connection to it, in milliseconds. */
  readonly serverSelectionTimeoutMs: number;
  /** How long a connection may be silent while an operation runs, in milliseconds. */
  readonly socketTimeoutMs: number;
  /** How long the server may work on one read, in milliseconds; below `socketTimeoutMs`. */
  readonly maxTimeMs: number;
  /** The most connections to one server. */
  readonly maxPoolSize: number;
  /** A file with the certificates of the authorities to trust; turns TLS on. */
  readonly tlsCaFile?: string;
  /** A file with the client's certificate and key; turns TLS on. */
  readonly tlsCertificateKeyFile?: string;
  readonly log?: MongodbStoreLog;
}

/**
 * Opens a database of a MongoDB server or replica set, and waits until it answers. Writes are acknowledged by the
 * majority and its journal; reads see what the majority has, so that nothing is shown that a failover takes back.
 * Once open, it lives through the loss of its servers: operations fail with `ServiceUnavailableError` within
 * `serverSelectionTimeoutMs`, and work again when the servers are back.
 *
 * Throws `ServiceUnavailableError` when no server answers in time, `InvalidOperationError` when the URI or an option
 * is wrong. Neither message shows credentials.
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<Store> {
  const client = createClient(options);
  const database = options.database ?? databaseOf(options.uri) ?? 'campaigns';
  const { hosts, srvHost } = client.options;
  const location = `${srvHost ?? hosts.map(String).join(',')}/${database}`;
  const db = client.db(database);
  let isClosed = false;

  const unavailable = (cause: unknown): ServiceUnavailableError =>
    new ServiceUnavailableError(DEPENDENCY, { cause, message: `MongoDB at ${location} does not answer.` });
  const assertOpen = (): void => {
    // The driver would connect again by itself.
    if (isClosed) throw new ServiceUnavailableError(DEPENDENCY, { message: 'The database is closed.' });
  };
  const ping = async (): Promise<void> => {
    assertOpen();
    try {
      await db.command({ ping: 1 });
    } catch (error) {
      throw unavailable(error);
    }
  };

  try {
    // Left to the first operation, a failed connection would fail all operations for good.
    await client.connect();
    await ping();
  } catch (error) {
    await client.close();
    throw error instanceof ServiceUnavailableError ? error : unavailable(error);
  }
  if (options.log !== undefined) reportServers(client, options.log);

  return {
    kind: 'mongodb',
    location,
    collection: spec => createMongodbCollection(spec, { db, maxTimeMs: options.maxTimeMs, assertOpen }),
    ping,
    close: async () => {
      isClosed = true;
      await client.close();
    },
  };
}

function createClient(options: MongodbStoreOptions): MongoClient {
  const { uri, serverSelectionTimeoutMs, socketTimeoutMs, maxPoolSize, tlsCaFile, tlsCertificateKeyFile } = options;
  const clientOptions: MongoClientOptions = {
    appName: 'campaign-service',
    ignoreUndefined: true,
    retryWrites: true,
    retryReads: true,
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: socketTimeoutMs },
    readConcern: { level: 'majority' },
    maxPoolSize,
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    connectTimeoutMS: serverSelectionTimeoutMs,
    waitQueueTimeoutMS: serverSelectionTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    // A server that was lost is noticed, and logged, in the time that an operation would wait for it.
    heartbeatFrequencyMS: Math.max(500, serverSelectionTimeoutMs),
    ...(tlsCaFile !== undefined && { tls: true, tlsCAFile: tlsCaFile }),
    ...(tlsCertificateKeyFile !== undefined && { tls: true, tlsCertificateKeyFile }),
  };
  try {
    return new MongoClient(uri, clientOptions);
  } catch (error) {
    // The driver's message may quote the URI, with its password.
    throw new InvalidOperationError('The URI or an option of the MongoDB connection is not valid.', {
      cause: error instanceof Error ? error.name : undefined,
    });
  }
}

/** The database that a URI names. A URI may list several hosts, which `URL` cannot read. */
function databaseOf(uri: string): string | undefined {
  const name = /^[^/]+:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

/** Logs when a server is lost, is found, or changes its part in the replica set. */
function reportServers(client: MongoClient, log: MongodbStoreLog): void {
  client.on('serverDescriptionChanged', ({ address, previousDescription, newDescription }) => {
    const { type, error } = newDescription;
    if (type === previousDescription.type) return;
    if (type === 'Unknown') log.warn({ address, reason: error?.message }, 'A MongoDB server is away.');
    else log.info({ address, type }, 'A MongoDB server answers.');
  });
}
