import { UnauthenticatedError } from '../errors.ts';

/** The registered claims of a verified token that we rely on, and whatever else it says. Seconds since 1970. */
export interface TokenClaims {
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  readonly [claim: string]: unknown;
}

/**
 * The answer for a token that is not good. RFC 6750 wants the reason in the challenge; the message says no more than
 * what its bearer can read in it.
 */
export function createInvalidTokenError(message = 'The token is not valid.', cause?: unknown): UnauthenticatedError {
  return new UnauthenticatedError(message, {
    cause,
    headers: { 'www-authenticate': 'Bearer realm="campaign-service", error="invalid_token"' },
  });
}

/**
 * Throws `UnauthenticatedError` unless the payload of a verified token is an object with `exp` and `iat`. A token from
 * the future is refused: it would outlive a revocation of all tokens issued so far.
 */
export function throwIfInvalidClaims(
  claims: unknown,
  { nowSeconds, clockToleranceSeconds }: { nowSeconds: number; clockToleranceSeconds: number },
): asserts claims is TokenClaims {
  if (typeof claims !== 'object' || claims === null) throw createInvalidTokenError();
  const { exp, iat } = claims as Record<string, unknown>;
  if (typeof exp !== 'number') throw createInvalidTokenError('The token has no expiry (exp).');
  if (typeof iat !== 'number') throw createInvalidTokenError('The token has no time of issue (iat).');
  if (iat > nowSeconds + clockToleranceSeconds) throw createInvalidTokenError('The token is from the future (iat).');
}
