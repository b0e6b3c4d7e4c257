import { type Actor } from '../auth/actor.ts';
import { type Log } from '../log.ts';
import { type HttpMetrics } from '../metrics.ts';
import { type Tracing } from '../tracing.ts';
import { createAccessLog } from './access-log.ts';
import { createBody } from './body.ts';
import { createCompress } from './compress.ts';
import { createRequestContext } from './context.ts';
import { createCorrelation } from './correlation.ts';
import { createErrorFormatter } from './error-formatter.ts';
import { createJwt, type JwtOptions } from './jwt.ts';
import { createRequestMetrics } from './metrics.ts';
import { createRateLimit } from './rate-limit.ts';
import { type AppMiddleware } from './request-state.ts';
import { createResponseFormatter } from './response-formatter.ts';
import { createRequestTracing } from './tracing.ts';

export interface PipelineOptions<A extends Actor> {
  readonly log: Log;
  readonly metrics: HttpMetrics;
  /** Null when tracing is off. */
  readonly tracing: Tracing | null;
  readonly jwt: JwtOptions<A>;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly isAccessLogged: boolean;
  /** Requests per caller and minute; null when nobody is limited. */
  readonly rateLimitPerMinute: number | null;
  /** The time in milliseconds since 1970, for the envelope. */
  readonly now?: () => number;
}

/** The middlewares in front of the router, in their order. */
export function createPipeline<A extends Actor>(options: PipelineOptions<A>): AppMiddleware<A>[] {
  const { log, metrics, tracing, now } = options;
  const shared = [
    createCompress(),
    createRequestTracing({ tracing }),
    createBody({ limitBytes: options.bodyLimitBytes }),
    createRequestMetrics({ metrics }),
    createRequestContext({ timeoutMs: options.requestTimeoutMs }),
    createCorrelation({ tracing }),
    ...(options.isAccessLogged ? [createAccessLog({ log })] : []),
    createErrorFormatter({ log }),
    createResponseFormatter(now === undefined ? {} : { now }),
  ] as unknown as AppMiddleware<A>[];
  const limited =
    options.rateLimitPerMinute === null ? [] : [createRateLimit({ perMinute: options.rateLimitPerMinute })];
  return [...shared, createJwt(options.jwt), ...(limited as unknown as AppMiddleware<A>[])];
}
