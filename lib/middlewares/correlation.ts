import { randomUUID } from 'node:crypto';
import { type Tracing } from '../tracing.ts';
import { type AppMiddleware } from './request-state.ts';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Takes the correlation id from `x-correlation-id` when it is well-formed (1–128 of `A-Za-z0-9._-`) and makes one
 * otherwise. Every answer returns it, and every span has it.
 */
export function createCorrelation({ tracing = null }: { readonly tracing?: Tracing | null } = {}): AppMiddleware {
  return (ctx, next) => {
    const given = ctx.req.headers['x-correlation-id'];
    ctx.state.correlation = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
    tracing?.setCorrelation(ctx.state.correlation);
    return next();
  };
}
