import { type KeyObject } from 'node:crypto';

/** What the unverified header of a token says about its key. */
export interface TokenHeader {
  readonly alg?: string;
  readonly kid?: string;
}

/** Gives the keys that tokens are verified with, as KeyObjects: given a string, jsonwebtoken parses it on each call. */
export interface KeyProvider {
  /** The algorithms that are accepted; never `none`, and never a secret's beside a public key's. */
  readonly algorithms: readonly string[];
  /**
   * The key for a token. Throws `UnauthenticatedError` when no key fits, `ServiceUnavailableError` when the keys cannot
   * be fetched.
   */
  select(header: TokenHeader): Promise<KeyObject>;
  /** Calls back when keys changed, so that whoever remembers verified tokens forgets them. */
  onRotation(listener: () => void): void;
  close(): void;
}
