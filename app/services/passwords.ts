import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimitedError } from '../../lib/errors.ts';
import { createKeyedQueue } from '../../lib/keyed-queue.ts';
import { hashPassword, verifyPassword } from '../../lib/password.ts';
import { type AttemptsDatastore } from '../datastore/attempts.ts';

/** Where failed attempts are counted, and for whom. */
export interface Attempt {
  readonly attempts: AttemptsDatastore;
  /** What is attempted, and from where. */
  readonly key: string;
  readonly now: Date;
}

export interface Passwords {
  /** Gives the salted hash to be stored. */
  hash(password: string): Promise<string>;
  /** Says whether a password is right. Throws `RateLimitedError` after too many failures. */
  verify(password: string, hash: string, attempt: Attempt): Promise<boolean>;
}

/** How long a password that was right is remembered, so that a reader does not pay for scrypt on each request. */
const REMEMBERED_MS = 60_000;

/**
 * Makes the service for campaign passwords.
 *
 * @param options how many failures a key may have, within how many seconds
 */
export function createPasswords({
  limit,
  windowSeconds,
}: {
  readonly limit: number;
  readonly windowSeconds: number;
}): Passwords {
  const key = randomBytes(32);
  const right = new LRUCache<string, true>({ max: 5_000, ttl: REMEMBERED_MS });
  const queue = createKeyedQueue();
  return {
    hash: hashPassword,
    async verify(password, hash, { attempts, key: attempted, now }) {
      // Keyed with a secret of this process: the memory holds nothing that leads back to a password.
      const memory = createHmac('sha256', key).update(hash).update('\0').update(password).digest('base64url');
      if (right.get(memory) === true) return true;
      // In turn, so that of many tries at once none gets by before the failures of the others are counted.
      return queue.run(attempted, async () => {
        if (right.get(memory) === true) return true;
        const failures = await attempts.find(attempted, now);
        if (failures !== null && failures.count >= limit) {
          throw new RateLimitedError(
            (failures.expiresAt.getTime() - now.getTime()) / 1000,
            'Too many wrong passwords.',
          );
        }
        const isRight = await verifyPassword(password, hash);
        if (isRight) right.set(memory, true);
        else await attempts.add(attempted, now, windowSeconds * 1000);
        return isRight;
      });
    },
  };
}
