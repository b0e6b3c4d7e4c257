import { performance } from 'node:perf_hooks';
import { type HttpMetrics } from '../metrics.ts';
import { type AppMiddleware } from './request-state.ts';

/** The label of requests that no route matched: paths are the client's choice, and labels must be few. */
const UNMATCHED_ROUTE = 'unmatched';

/** Times each request by method, route pattern and status, and counts those in flight. */
export function createRequestMetrics({ metrics }: { readonly metrics: HttpMetrics }): AppMiddleware {
  return async (ctx, next) => {
    const startedAtMs = performance.now();
    metrics.requestStarted();
    try {
      await next();
    } finally {
      const { method = 'GET' } = ctx.req;
      metrics.requestFinished(
        method,
        ctx.state.routePattern ?? UNMATCHED_ROUTE,
        ctx.res.statusCode,
        (performance.now() - startedAtMs) / 1000,
      );
    }
  };
}
