import { createHmac, randomBytes } from 'node:crypto';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type Collection, type CollectionSpec, DuplicateKeyError, type StoredDocument } from './store/collection.ts';

/** A key that the instances over one database share. */
export interface InstanceKeyDocument extends StoredDocument {
  /** 32 bytes in base64: what the key is made of, together with where the database is. */
  readonly key: string;
  readonly created: Date;
}

/** The collection `instance_keys`. Its `_id` is what the key is for. */
export const spec: CollectionSpec = { name: 'instance_keys', ids: [], indexes: [] };

/** By their keys, instances over one database know each other wherever else they meet. */
export interface InstanceKeys {
  /**
   * Gives the key of a purpose, 32 bytes, which whoever asks first makes. A copy of the database that lies elsewhere has
   * another one. Throws `ServiceUnavailableError`, also in the
   * moment after another instance made it.
   */
  readOrCreate(purpose: string): Promise<Buffer>;
}

/** Gives the door to the keys. */
export function createInstanceKeys({
  collection,
  clock,
  location,
}: {
  readonly collection: Collection<InstanceKeyDocument>;
  readonly clock: () => Date;
  /** Where the database is: the same for all who open it. */
  readonly location: string;
}): InstanceKeys {
  const derive = (secret: Buffer): Buffer => createHmac('sha256', secret).update(location).digest();
  const read = async (purpose: string): Promise<Buffer | null> => {
    const found = await collection.findOne({ _id: purpose });
    return found === null ? null : derive(Buffer.from(found.key, 'base64'));
  };
  return {
    async readOrCreate(purpose) {
      const known = await read(purpose);
      if (known !== null) return known;
      const made = randomBytes(32);
      try {
        await collection.insertOne({ _id: purpose, key: made.toString('base64'), created: clock() });
        return derive(made);
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
        const theirs = await read(purpose);
        // The majority of the database does not have it yet.
        if (theirs === null) throw new ServiceUnavailableError('database', { cause: error });
        return theirs;
      }
    },
  };
}
