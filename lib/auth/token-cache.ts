import { LRUCache } from 'lru-cache';

/** A token that was verified, as long as it is remembered. Instants are in seconds since 1970, as in tokens. */
export interface VerifiedToken<A> {
  readonly actor: A;
  readonly issuedAt: number;
  /** It may be used from here … */
  readonly validFrom: number;
  /** … to here (the earlier of its own expiry and the greatest age that is allowed). */
  readonly validUntil: number;
}

export interface TokenCacheOptions {
  /** How many tokens are remembered at most. */
  readonly maxCount: number;
  /** How many bytes they may hold at most, estimated by the length of the tokens. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** A remembered token holds its text and what was read from it, which is about as long. */
const BYTES_PER_CHARACTER = 3;

/** Verified tokens by their raw text, bounded by count and bytes, the least recently used leaving first. */
export class TokenCache<A extends object> {
  readonly #tokens: LRUCache<string, VerifiedToken<A>>;
  #epoch = 0;

  constructor({ maxCount, maxBytes = MAX_BYTES }: TokenCacheOptions) {
    this.#tokens = new LRUCache({
      max: maxCount,
      maxSize: maxBytes,
      sizeCalculation: (_verified, token) => token.length * BYTES_PER_CHARACTER,
    });
  }

  /** Changes with each `clear`: what was verified before it must not be remembered after it. */
  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** The token if it is remembered and may be used now; one that is over is forgotten. */
  get(token: string, nowSeconds: number): VerifiedToken<A> | undefined {
    const verified = this.#tokens.get(token);
    if (verified === undefined) return undefined;
    if (nowSeconds < verified.validUntil && nowSeconds >= verified.validFrom) return verified;
    this.#tokens.delete(token);
    return undefined;
  }

  /** Remembers a token that was verified in the given epoch. */
  set(token: string, verified: VerifiedToken<A>, epoch: number): void {
    if (epoch === this.#epoch) this.#tokens.set(token, verified);
  }

  clear(): void {
    this.#epoch += 1;
    this.#tokens.clear();
  }
}
