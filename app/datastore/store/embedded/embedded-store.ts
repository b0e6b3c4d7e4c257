import { mkdir } from 'node:fs/promises';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { type Logger } from '../../../../lib/log.ts';
import { type CollectionSpec, type Store, type StoredDocument } from '../collection.ts';
import { readCatalog } from './catalog.ts';
import { lockDirectory } from './directory-lock.ts';
import { createEmbeddedCollection } from './embedded-collection.ts';
import { openEnvironment } from './environment.ts';
import { createIndexBuilder } from './index-builder.ts';
import { createWriteQueue } from './write-queue.ts';

export interface EmbeddedStoreOptions {
  /** The folder that holds the data; made when it is missing. */
  readonly directory: string;
  readonly log?: Pick<Logger, 'error'>;
  /** How many bytes of encoded documents each collection keeps decoded. */
  readonly cacheBytes?: number;
}

const DEFAULT_CACHE_BYTES = 16 * 1024 * 1024;

/**
 * Opens the store that needs no server: MongoDB's filter and update language over LMDB, in a folder. A write is
 * acknowledged once the disk has it. One process only: throws `DataDirectoryLockedError` while another one has the folder.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const { directory, log, cacheBytes = DEFAULT_CACHE_BYTES } = options;
  await mkdir(directory, { recursive: true });
  const lock = await lockDirectory(directory);
  try {
    const environment = openEnvironment(directory);
    const catalog = readCatalog(environment, cacheBytes);
    const queue = createWriteQueue(environment, error => {
      log?.error('A commit failed.', { directory, error });
      for (const { cache } of catalog.states()) cache.clear();
    });
    const builder = createIndexBuilder(queue, catalog);
    let closing: Promise<void> | undefined;
    const isClosed = (): boolean => closing !== undefined;
    const close = async (): Promise<void> => {
      await queue.close();
      // Long queries that wait for their turn come before this one, and end.
      await new Promise(resolve => setImmediate(resolve));
      await environment.close();
      await lock.release();
    };
    return {
      location: directory,
      kind: 'embedded',
      collection: <T extends StoredDocument>(spec: CollectionSpec) =>
        createEmbeddedCollection<T>(catalog.state(spec.name), spec, { environment, queue, builder, isClosed }),
      async ping() {
        if (isClosed()) throw new ServiceUnavailableError('embedded store', { message: 'The store is closed.' });
      },
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
