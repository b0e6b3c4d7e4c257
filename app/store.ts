import { ConfigError } from '../lib/config/load.ts';
import { type Log } from '../lib/log.ts';
import { type Config } from '../config/schema.ts';
import { specs } from './datastore/datastores.ts';
import { InvalidOperationError, type Store } from './datastore/store/collection.ts';
import { openEmbeddedStore } from './datastore/store/embedded/embedded-store.ts';
import { openMongodbStore } from './datastore/store/mongodb/mongodb-store.ts';

/**
 * Opens the database that is configured: MongoDB when there is a URI, else the embedded store.
 * Throws `ServiceUnavailableError`, `ConfigError` (a bad URI) and `DataDirectoryLockedError`.
 */
export async function openStore({ database }: Pick<Config, 'database'>, Log: Log): Promise<Store> {
  const { uri, directory, cacheBytes, name, tlsCaFile, tlsCertificateKeyFile } = database;
  if (uri === undefined) return openEmbeddedStore({ directory, cacheBytes });
  const log = Log('app/datastore/store/mongodb');
  const opening = openMongodbStore({
    uri,
    ...(name !== undefined && { database: name }),
    serverSelectionTimeoutMs: database.serverSelectionTimeoutMs,
    socketTimeoutMs: database.socketTimeoutMs,
    maxTimeMs: database.maxTimeMs,
    maxPoolSize: database.maxPoolSize,
    ...(tlsCaFile !== undefined && { tlsCaFile }),
    ...(tlsCertificateKeyFile !== undefined && { tlsCertificateKeyFile }),
    log: {
      info: (fields, message) => log.info(message, { ...fields }),
      warn: (fields, message) => log.warn(message, { ...fields }),
    },
  });
  return opening.catch((error: unknown) => {
    if (!(error instanceof InvalidOperationError)) throw error;
    throw new ConfigError(['MONGODB_URI has an option that MongoDB does not know, or that does not fit the others']);
  });
}

/** Makes the indexes that are missing, or warns of them where they are made by hand. Gives their names. */
export async function prepareIndexes(
  store: Store,
  { create, log: Log }: { readonly create: boolean; readonly log: Log },
): Promise<string[]> {
  const missing: string[] = [];
  for (const spec of specs) {
    const collection = store.collection(spec);
    missing.push(...(await collection.missingIndexes()).map(index => `${spec.name}.${index}`));
    if (create) await collection.createIndexes();
  }
  if (!create && missing.length > 0) Log('app/store').warn('indexes.missing', { missing });
  return missing;
}
