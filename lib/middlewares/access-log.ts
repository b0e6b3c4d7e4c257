import { performance } from 'node:perf_hooks';
import { type Log } from '../log.ts';
import { type AppMiddleware } from './request-state.ts';

/**
 * Logs one short line per request, at level info. The query is left out (it may hold secrets), and so is `ctx.length`
 * (of an object it costs one JSON.stringify).
 */
export function createAccessLog({ log: createLogger }: { readonly log: Log }): AppMiddleware {
  const log = createLogger('lib/middlewares/access-log');
  return async (ctx, next) => {
    await next();
    const { state, res } = ctx;
    log.info(
      'request',
      {
        method: ctx.req.method,
        route: state.routePattern ?? ctx.path,
        status: res.statusCode,
        durationMs: roundMs(performance.now() - state.request.startedAtMs),
        bytes: state.sentBytes,
        actor: state.actor?.userId,
        aborted: res.destroyed && !res.writableFinished ? true : undefined,
      },
      state.correlation,
    );
  };
}

function roundMs(durationMs: number): number {
  return Math.round(durationMs * 100) / 100;
}
