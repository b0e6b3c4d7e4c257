import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Actor } from '../policy.ts';
import { SYSTEM, systemActor } from '../system-actor.ts';
import { type Collection, type CollectionSpec, DuplicateKeyError, type StoredDocument } from './store/collection.ts';

/** A row of `users`: the mapping of an opaque reference to a user, or a revocation. The two hold nothing in common. */
export interface UserDocument extends StoredDocument {
  /** Of a mapping: the user whom the reference (`_id`) stands for. */
  readonly userId?: string;
  readonly created?: Date;
  /** Of a revocation (`_id` is made of the user's digest): tokens issued before this are refused. */
  readonly notBefore?: Date;
  /** Of a revocation: when it was written, for those who poll. */
  readonly revokedAt?: Date;
}

/** The collection `users`. */
export const spec: CollectionSpec = {
  name: 'users',
  ids: [],
  indexes: [
    { name: 'userId', key: { userId: 1 }, unique: true, sparse: true },
    { name: 'revokedAt', key: { revokedAt: 1 }, sparse: true },
  ],
};

/** A revocation, by the digest of the user's id. */
export interface Revocation {
  readonly digest: string;
  readonly notBefore: Date;
  readonly revokedAt: Date;
}

export interface UsersDatastore {
  /** Gives the opaque reference that records name an actor by, making it at the first use. */
  selectReference(actor: Actor | null): Promise<string>;
  /** Gives the reference of a user who has one. */
  findReference(userId: string): Promise<string | null>;
  /** Gives the users behind references; erased ones are missing. */
  selectUserIds(references: readonly string[]): Promise<Map<string, string>>;
  /** Erases the mapping: whatever names the reference names nobody any more. Says whether there was one. */
  erase(userId: string): Promise<boolean>;
  revoke(userId: string, notBefore: Date, at: Date): Promise<void>;
  /** The revocations written at or after an instant. */
  findRevocations(since: Date): Promise<Revocation[]>;
}

const REVOKED = 'revoked:';

/** Gives the digest under which a user's revocation is kept: it outlives the erasure of the user and names nobody. */
export function digestUserId(userId: string): string {
  return createHash('sha256').update(userId).digest('base64url');
}

/** Gives the door to users. A reference is remembered for a few seconds, which bounds how long another instance uses an erased one. */
export function createUsersDatastore({
  collection,
  clock,
}: {
  readonly collection: Collection<UserDocument>;
  readonly clock: () => Date;
}): UsersDatastore {
  const references = new LRUCache<string, string>({ max: 10_000, ttl: 5_000 });
  /** The users whose reference is being looked up: many requests of one come at once. */
  const asked = new Map<string, Promise<string>>();

  const insertMapping = async (userId: string): Promise<string> => {
    const _id = randomUUID();
    try {
      await collection.insertOne({ _id, userId, created: clock() });
      return _id;
    } catch (error) {
      // Another request of the same user was first.
      const existing = error instanceof DuplicateKeyError ? await collection.findOne({ userId }) : null;
      if (existing === null) throw error;
      return existing._id;
    }
  };

  const lookUp = async (userId: string): Promise<string> =>
    (await collection.findOne({ userId }))?._id ?? (await insertMapping(userId));

  /** Looks a reference up once for all who ask meanwhile, and remembers it unless the user was erased meanwhile. */
  const ask = async (userId: string): Promise<string> => {
    const known = asked.get(userId);
    if (known !== undefined) return known;
    const looking = lookUp(userId);
    asked.set(userId, looking);
    try {
      const reference = await looking;
      if (asked.get(userId) === looking) references.set(userId, reference);
      return reference;
    } finally {
      if (asked.get(userId) === looking) asked.delete(userId);
    }
  };

  return {
    async selectReference(actor) {
      // By identity: a token may name any user it likes.
      if (actor === null || actor === systemActor) return SYSTEM;
      return references.get(actor.userId) ?? ask(actor.userId);
    },
    findReference: async userId => (await collection.findOne({ userId }))?._id ?? null,
    async selectUserIds(wanted) {
      const rows = await collection.find({ _id: { $in: [...new Set(wanted)] } });
      return new Map(rows.flatMap(({ _id, userId }) => (userId === undefined ? [] : [[_id, userId] as const])));
    },
    async erase(userId) {
      const isErased = (await collection.deleteOne({ userId })) > 0;
      // What is being looked up may have been read before.
      references.delete(userId);
      asked.delete(userId);
      return isErased;
    },
    async revoke(userId, notBefore, at) {
      await collection.updateOne(
        { _id: REVOKED + digestUserId(userId) },
        { $max: { notBefore }, $set: { revokedAt: at } },
        { upsert: true },
      );
    },
    async findRevocations(since) {
      const rows = await collection.find({ revokedAt: { $gte: since } });
      return rows.flatMap(({ _id, notBefore, revokedAt }) =>
        notBefore && revokedAt ? [{ digest: _id.slice(REVOKED.length), notBefore, revokedAt }] : [],
      );
    },
  };
}
