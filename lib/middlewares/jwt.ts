import { type KeyObject } from 'node:crypto';
import koaJwt from 'koa-jwt';
import { type Actor } from '../auth/actor.ts';
import { createInvalidTokenError, throwIfInvalidClaims, type TokenClaims } from '../auth/claims.ts';
import { type KeyProvider, type TokenHeader } from '../auth/keys.ts';
import { TokenCache, type VerifiedToken } from '../auth/token-cache.ts';
import { ServiceError } from '../errors.ts';
import { type AppContext, type AppMiddleware } from './request-state.ts';

export interface JwtOptions<A extends Actor> {
  readonly keys: KeyProvider;
  /** Reads the caller from verified claims. Null, or whatever it throws, means that the token is malformed. */
  readonly toActor: (claims: TokenClaims) => A | null;
  /** Asked on each use of a token, remembered or not. `issuedAt` is in seconds since 1970. */
  readonly isRevoked: (actor: A, token: { readonly issuedAt: number }) => boolean;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** How old a token may be at most, whatever its own expiry. */
  readonly maxAgeSeconds?: number | undefined;
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens are remembered. */
  readonly cacheSize?: number;
  /** The time in milliseconds since 1970. */
  readonly now?: () => number;
}

/** What koa-jwt leaves in the state. */
interface KoaJwtState {
  claims?: unknown;
  jwtOriginalError?: Error;
}

const BEARER = /^Bearer +([^\s]+)\s*$/i;
const CACHE_SIZE = 10_000;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Verifies the bearer token and sets `ctx.state.actor`. koa-jwt verifies; in front of it stand the tokens that it has
 * verified, by their raw text (an RSA signature costs 50 µs, a look 0.1 µs). A bad token is kept in
 * `ctx.state.authError`, for the router to throw where a token is needed: public routes do not mind it.
 */
export function createJwt<A extends Actor>(options: JwtOptions<A>): AppMiddleware<A> {
  const { isRevoked, now = Date.now } = options;
  const cache = new TokenCache<A>({ maxCount: options.cacheSize ?? CACHE_SIZE });
  options.keys.onRotation(() => cache.clear());
  const verify = createVerify(options, now);

  const admit = (ctx: AppContext<A>, { actor, issuedAt }: VerifiedToken<A>): void => {
    if (isRevoked(actor, { issuedAt })) ctx.state.authError = createInvalidTokenError('The token is revoked.');
    else ctx.state.actor = actor;
  };

  return (ctx, next) => {
    const { state } = ctx;
    state.actor = null;
    state.authError = null;
    const header = ctx.req.headers.authorization;
    if (header === undefined) return next();
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) {
      state.authError = createInvalidTokenError('The Authorization header must read "Bearer <token>".');
      return next();
    }
    const remembered = cache.get(token, now() / 1000);
    if (remembered !== undefined) {
      admit(ctx, remembered);
      return next();
    }
    const { epoch } = cache;
    return verify(ctx).then(
      verified => {
        cache.set(token, verified, epoch);
        admit(ctx, verified);
        return next();
      },
      (error: Error) => {
        state.authError = error;
        return next();
      },
    );
  };
}

function createVerify<A extends Actor>(options: JwtOptions<A>, now: () => number) {
  const { keys, toActor, issuer, audience, maxAgeSeconds, clockToleranceSeconds = CLOCK_TOLERANCE_SECONDS } = options;
  const verifyWithKoa = koaJwt({
    secret: ((header: TokenHeader & { crit?: unknown }): Promise<KeyObject> => {
      // "crit" names extensions that must be understood, and jsonwebtoken understands none and ignores it.
      if (header.crit !== undefined) throw createInvalidTokenError();
      return keys.select(header);
    }) as unknown as koaJwt.SecretLoader,
    key: 'claims',
    passthrough: true,
    algorithms: [...keys.algorithms],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    // Not among the types: handed on to jsonwebtoken.
    ...({
      clockTolerance: clockToleranceSeconds,
      ...(maxAgeSeconds !== undefined && { maxAge: maxAgeSeconds }),
    } as object),
  });

  return async (ctx: AppContext<A>): Promise<VerifiedToken<A>> => {
    await verifyWithKoa(ctx, nothingMore);
    const { claims, jwtOriginalError } = ctx.state as KoaJwtState;
    if (jwtOriginalError !== undefined) throw toAuthError(jwtOriginalError);
    throwIfInvalidClaims(claims, { nowSeconds: now() / 1000, clockToleranceSeconds });
    const { exp, iat, nbf = 0 } = claims;
    return {
      actor: readActor(claims, toActor),
      issuedAt: iat,
      validFrom: nbf - clockToleranceSeconds,
      validUntil: Math.min(exp, iat + (maxAgeSeconds ?? Number.POSITIVE_INFINITY)) + clockToleranceSeconds,
    };
  };
}

function readActor<A>(claims: TokenClaims, toActor: (claims: TokenClaims) => A | null): A {
  const malformed = 'The claims of the token are malformed.';
  try {
    const actor = toActor(claims);
    if (actor !== null) return actor;
  } catch (error) {
    throw createInvalidTokenError(malformed, error);
  }
  throw createInvalidTokenError(malformed);
}

/** jsonwebtoken's errors are told apart by their names: koa-jwt may bring a copy of its own, and its classes with it. */
function toAuthError(error: Error): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error.name === 'TokenExpiredError') return createInvalidTokenError('The token is expired.', error);
  if (error.name === 'NotBeforeError') return createInvalidTokenError('The token is not valid yet.', error);
  return createInvalidTokenError(undefined, error);
}

async function nothingMore(): Promise<void> {}
