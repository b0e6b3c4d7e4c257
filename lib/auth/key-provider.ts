import { createSecretKey, type KeyObject } from 'node:crypto';
import { createJwksKeys } from './jwks-keys.ts';
import { type Log } from '../log.ts';
import { type KeyProvider } from './keys.ts';
import { readPublicKey, selectAlgorithmOf } from './public-key.ts';

export interface KeyProviderOptions {
  /** A shared secret (HS256), for development. */
  readonly secret?: string | undefined;
  /** A public key as PEM. Line breaks may be written as `\n`. */
  readonly publicKey?: string | undefined;
  /** The address of a JSON Web Key Set. */
  readonly jwksUrl?: string | undefined;
  /** Accepted algorithms; by the kind of the key when left out. */
  readonly algorithms?: readonly string[] | undefined;
  readonly log: Log;
  /** How often a JWKS is fetched again, in milliseconds. */
  readonly jwksRefreshMs?: number;
  /** How long an unknown key id does not cause another fetch, in milliseconds. */
  readonly jwksCooldownMs?: number;
}

const SYMMETRIC = /^HS(?:256|384|512)$/;
const ASYMMETRIC = /^(?:RS|PS|ES)(?:256|384|512)$/;
const JWKS_ALGORITHMS = ['RS256', 'ES256'];

/**
 * Makes the provider of the one source of keys that is configured. Throws an `Error` when there is none or more than
 * one, when a key cannot be read, and when an algorithm does not fit its kind (which is how algorithm confusion
 * begins).
 */
export function createKeyProvider(options: KeyProviderOptions): KeyProvider {
  const { secret, publicKey, jwksUrl } = options;
  if ([secret, publicKey, jwksUrl].filter(source => source !== undefined).length !== 1) {
    throw new Error('Tokens need exactly one source of keys: a secret, a public key or a JWKS address.');
  }
  if (secret !== undefined) {
    const key = createSecretKey(Buffer.from(secret));
    return createStaticKeys(key, selectAlgorithms(SYMMETRIC, options.algorithms, ['HS256']));
  }
  if (publicKey !== undefined) {
    const key = readPublicKey(publicKey);
    return createStaticKeys(key, selectAlgorithms(ASYMMETRIC, options.algorithms, [selectAlgorithmOf(key)]));
  }
  return createJwksKeys({
    ...options,
    url: new URL(jwksUrl as string),
    algorithms: selectAlgorithms(ASYMMETRIC, options.algorithms, JWKS_ALGORITHMS),
  });
}

function createStaticKeys(key: KeyObject, algorithms: readonly string[]): KeyProvider {
  return { algorithms, select: () => Promise.resolve(key), onRotation() {}, close() {} };
}

function selectAlgorithms(kind: RegExp, wanted: readonly string[] | undefined, byDefault: readonly string[]) {
  const algorithms = wanted === undefined || wanted.length === 0 ? byDefault : wanted;
  const misfit = algorithms.find(algorithm => !kind.test(algorithm));
  if (misfit !== undefined) throw new Error(`The algorithm ${misfit} does not fit the configured kind of key.`);
  return algorithms;
}
