import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { RateLimitedError } from '../errors.ts';
import { type AppContext, type AppMiddleware } from './request-state.ts';

export interface RateLimitOptions {
  /** Requests per caller, instance and minute. */
  readonly perMinute: number;
  /** Paths that are not counted. */
  readonly unlimitedPaths: ReadonlySet<string>;
}

const WINDOW_SECONDS = 60;

/**
 * Limits each caller (the actor, or the address without one) on this instance. Answers carry `RateLimit-*`; what is
 * over the limit throws `RateLimitedError` with `Retry-After`.
 */
export function createRateLimit({ perMinute, unlimitedPaths }: RateLimitOptions): AppMiddleware {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS });
  return async (ctx, next) => {
    if (unlimitedPaths.has(ctx.path)) return next();
    let usage: RateLimiterRes;
    try {
      usage = await limiter.consume(selectCaller(ctx));
    } catch (refused) {
      // The memory limiter rejects with its result, and with nothing else.
      usage = refused as RateLimiterRes;
      keepUsage(ctx, perMinute, usage);
      throw new RateLimitedError(usage.msBeforeNext / 1000);
    }
    keepUsage(ctx, perMinute, usage);
    return next();
  };
}

function selectCaller(ctx: AppContext): string {
  const { actor } = ctx.state;
  return actor === null ? `address ${ctx.ip}` : `user ${actor.userId}`;
}

function keepUsage(ctx: AppContext, limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): void {
  ctx.state.rateLimit = { limit, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1000) };
}
