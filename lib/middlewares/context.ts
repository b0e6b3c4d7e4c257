import { HttpRequestContext } from '../request-context.ts';
import { type AppMiddleware } from './request-state.ts';

export interface RequestContextOptions {
  /** How long a request may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Gives each request its `RequestContext` as `ctx.state.request`. */
export function createRequestContext({ timeoutMs }: RequestContextOptions): AppMiddleware {
  return (ctx, next) => {
    ctx.state.request = new HttpRequestContext(ctx.res, timeoutMs);
    return next();
  };
}
