import { randomUUID } from 'node:crypto';
import { type AppMiddleware } from './request-state.ts';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Takes the correlation id from `x-correlation-id` when it is well-formed (1–128 of `A-Za-z0-9._-`) and makes one
 * otherwise. Every answer returns it.
 */
export function createCorrelation({ createId = randomUUID }: { readonly createId?: () => string } = {}): AppMiddleware {
  return (ctx, next) => {
    const given = ctx.req.headers['x-correlation-id'];
    ctx.state.correlation = typeof given === 'string' && WELL_FORMED.test(given) ? given : createId();
    return next();
  };
}
