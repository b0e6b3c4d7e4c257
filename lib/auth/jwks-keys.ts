import { KeyObject } from 'node:crypto';
import { createRemoteJWKSet, errors } from 'jose';
import { ServiceUnavailableError, UnauthenticatedError } from '../errors.ts';
import { type Log } from '../log.ts';
import { type KeyProvider, type TokenHeader } from './keys.ts';

export interface JwksOptions {
  readonly url: URL;
  readonly algorithms: readonly string[];
  readonly log: Log;
  readonly jwksRefreshMs?: number;
  readonly jwksCooldownMs?: number;
}

const REFRESH_MS = 5 * 60_000;
const COOLDOWN_MS = 30_000;
const FETCH_TIMEOUT_MS = 5000;

/**
 * Keys from a JSON Web Key Set. It is fetched when first needed, at an unknown key id (once per cooldown), and again
 * from time to time, because a key that was withdrawn is noticed in no other way. While it cannot be fetched, the keys
 * that are known go on serving.
 */
export function createJwksKeys(options: JwksOptions): KeyProvider {
  const { url, algorithms, jwksRefreshMs = REFRESH_MS, jwksCooldownMs = COOLDOWN_MS } = options;
  const log = options.log('lib/auth/jwks-keys');
  const jwks = createRemoteJWKSet(url, {
    cooldownDuration: jwksCooldownMs,
    // The refresh below renews; past an age of its own jose would refuse known keys while the address is down.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    timeoutDuration: FETCH_TIMEOUT_MS,
  });
  const listeners: (() => void)[] = [];
  const keys = new Map<string, KeyObject>();
  let seen: string | undefined;

  const noticeRotation = (): void => {
    const current = JSON.stringify(jwks.jwks());
    if (current === seen) return;
    const isFirst = seen === undefined;
    seen = current;
    keys.clear();
    if (isFirst) return;
    log.info('token keys changed');
    for (const listener of listeners) listener();
  };

  const refresh = async (): Promise<void> => {
    try {
      await jwks.reload();
      noticeRotation();
    } catch (error) {
      log.warn('token keys cannot be refreshed', { error });
    }
  };
  const timer = setInterval(() => void refresh(), jwksRefreshMs).unref();

  return {
    algorithms,
    async select({ alg, kid }: TokenHeader) {
      if (alg === undefined || !algorithms.includes(alg)) throw new UnauthenticatedError('The token is not valid.');
      const name = `${alg} ${kid}`;
      const known = keys.get(name);
      if (known !== undefined) return known;
      const cryptoKey = await fetchKey(jwks, { alg, ...(kid !== undefined && { kid }) });
      noticeRotation();
      const key = KeyObject.from(cryptoKey);
      keys.set(name, key);
      return key;
    },
    onRotation: listener => void listeners.push(listener),
    close: () => clearInterval(timer),
  };
}

async function fetchKey(jwks: ReturnType<typeof createRemoteJWKSet>, header: { alg: string; kid?: string }) {
  try {
    return await jwks(header);
  } catch (error) {
    const isUnknown =
      error instanceof errors.JWKSNoMatchingKey ||
      error instanceof errors.JWKSMultipleMatchingKeys ||
      error instanceof errors.JOSENotSupported;
    // Everything else (no connection, a time-out, an answer that is no JWKS) says nothing about the token.
    if (!isUnknown) throw new ServiceUnavailableError('jwks', { cause: error });
    throw new UnauthenticatedError('The token is signed by an unknown key.', { cause: error });
  }
}
