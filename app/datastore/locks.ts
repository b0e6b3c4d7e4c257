import { DuplicateKeyError, type Collection, type CollectionSpec, type StoredDocument } from './store/collection.ts';

/** The right to do something alone until it expires. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Grows with each holder: what is guarded can refuse a holder with a smaller token than it has seen. */
  readonly token: number;
  readonly expiresAt: Date;
}

/** A lock that exists once somebody held it; its token outlives the holders. */
export interface LockDocument extends StoredDocument {
  readonly owner: string;
  readonly token: number;
  readonly expiresAt: Date;
}

/** The collection `locks`. Its `_id` is the name of what is locked. */
export const spec: CollectionSpec = { name: 'locks', ids: [], indexes: [] };

/**
 * Leases that expire. They rest on the clocks of their holders, so they only save double work: what must never happen
 * twice needs a guarded write beside.
 */
export interface Locks {
  /** Takes the lease for `ttlMs` milliseconds; null when it is held, by whomever. */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | null>;
  /** Gives a lease that ends `ttlMs` from now; null when it has expired or has another holder. */
  renew(lease: Lease, ttlMs: number): Promise<Lease | null>;
  /** Ends the lease early; false when it was lost before. */
  release(lease: Lease): Promise<boolean>;
}

/** Gives the leases of a database. */
export function createLocks({ collection, clock }: { collection: Collection<LockDocument>; clock: () => Date }): Locks {
  const held = ({ name, owner, token }: Lease): Record<string, unknown> => ({
    _id: name,
    owner,
    token,
    expiresAt: { $gt: clock() },
  });
  const expiry = (ttlMs: number): Date => new Date(clock().getTime() + ttlMs);

  return {
    async acquire(name, owner, ttlMs) {
      const expiresAt = expiry(ttlMs);
      try {
        const lock = await collection.findOneAndUpdate(
          { _id: name, expiresAt: { $lte: clock() } },
          { $set: { owner, expiresAt }, $inc: { token: 1 } },
          { upsert: true },
        );
        return lock === null ? null : { name, owner, token: lock.token, expiresAt };
      } catch (error) {
        // The lock exists and has not expired, so the upsert tried to insert it again.
        if (error instanceof DuplicateKeyError) return null;
        throw error;
      }
    },
    async renew(lease, ttlMs) {
      const expiresAt = expiry(ttlMs);
      const { matchedCount } = await collection.updateOne(held(lease), { $set: { expiresAt } });
      return matchedCount === 0 ? null : { ...lease, expiresAt };
    },
    async release(lease) {
      const { matchedCount } = await collection.updateOne(held(lease), { $set: { expiresAt: new Date(0) } });
      return matchedCount > 0;
    },
  };
}
