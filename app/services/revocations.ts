import { LRUCache } from 'lru-cache';
import { type Logger } from '../../lib/log.ts';
import { digestUserId, type UsersDatastore } from '../datastore/users.ts';
import { type Actor } from '../policy.ts';

export interface Revocations {
  /** Says whether a token is refused: issued in or before the second in which its user was revoked. */
  isRevoked(actor: Actor): boolean;
  /** Takes in what was written since the last call. */
  poll(): Promise<void>;
  /** Polls every `intervalMs`; a failure is logged, and the revocations that are known stay in force. */
  start(intervalMs: number): void;
  stop(): Promise<void>;
}

/** How far back a poll looks behind the newest revocation that it knows, for clocks and writes that lag. */
const OVERLAP_MS = 60_000;

/** Holds the revocations of tokens in memory, so that each use of a token can be checked. */
export function createRevocations({
  users,
  log,
}: {
  readonly users: UsersDatastore;
  readonly log: Logger;
}): Revocations {
  const notBefore = new Map<string, number>();
  const digests = new LRUCache<string, string>({ max: 10_000 });
  let newest = 0;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> = Promise.resolve();

  const poll = async (): Promise<void> => {
    const found = await users.findRevocations(new Date(Math.max(0, newest - OVERLAP_MS)));
    for (const revocation of found) {
      notBefore.set(revocation.digest, revocation.notBefore.getTime() / 1000);
      newest = Math.max(newest, revocation.revokedAt.getTime());
    }
  };

  return {
    isRevoked({ userId, issuedAt }) {
      if (notBefore.size === 0) return false;
      let digest = digests.get(userId);
      if (digest === undefined) {
        digest = digestUserId(userId);
        digests.set(userId, digest);
      }
      const limit = notBefore.get(digest);
      return limit !== undefined && issuedAt <= limit;
    },
    poll,
    start(intervalMs) {
      timer = setInterval(() => {
        polling = poll().catch((error: unknown) => log.warn('revocations.notPolled', { error }));
      }, intervalMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await polling;
    },
  };
}
