import { type Collection, type CollectionSpec, DuplicateKeyError, type StoredDocument } from './store/collection.ts';

/** Failed attempts of one kind within a window of time. */
export interface AttemptDocument extends StoredDocument {
  readonly count: number;
  readonly expiresAt: Date;
}

/** The collection `attempts`. Its `_id` names what was attempted and by whom. */
export const spec: CollectionSpec = {
  name: 'attempts',
  ids: [],
  indexes: [{ name: 'expiresAt', key: { expiresAt: 1 } }],
};

export interface AttemptsDatastore {
  /** Gives the failures that still count, and when they expire; null when there are none. */
  find(key: string, now: Date): Promise<AttemptDocument | null>;
  /** Counts a failure; the first one opens a window of `windowMs`. */
  add(key: string, now: Date, windowMs: number): Promise<void>;
  /** Removes what has expired. */
  purge(now: Date): Promise<number>;
}

/** Gives the door to the counts of failed attempts: in the database, so that they hold on every instance. */
export function createAttemptsDatastore({
  collection,
}: {
  readonly collection: Collection<AttemptDocument>;
}): AttemptsDatastore {
  return {
    find: (key, now) => collection.findOne({ _id: key, expiresAt: { $gt: now } }),
    async add(key, now, windowMs) {
      const { matchedCount } = await collection.updateOne(
        { _id: key, expiresAt: { $gt: now } },
        { $inc: { count: 1 } },
      );
      if (matchedCount > 0) return;
      try {
        await collection.updateOne(
          { _id: key, expiresAt: { $lte: now } },
          { $set: { count: 1, expiresAt: new Date(now.getTime() + windowMs) } },
          { upsert: true },
        );
      } catch (error) {
        // Another failure opened the window in the meantime.
        if (!(error instanceof DuplicateKeyError)) throw error;
        await collection.updateOne({ _id: key }, { $inc: { count: 1 } });
      }
    },
    purge: now => collection.deleteMany({ expiresAt: { $lte: now } }),
  };
}
