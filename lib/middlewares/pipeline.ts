import { type Actor } from '../auth/actor.ts';
import { type TokenVerifier } from '../auth/token-verifier.ts';
import { type Log } from '../log.ts';
import { type HttpMetrics } from '../metrics.ts';
import { type Tracing } from '../tracing.ts';
import { createAccessLog } from './access-log.ts';
import { createBody } from './body.ts';
import { createCompress } from './compress.ts';
import { createRequestContext } from './context.ts';
import { createCorrelation } from './correlation.ts';
import { createErrorFormatter } from './error-formatter.ts';
import { createJwt } from './jwt.ts';
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
  readonly tokens: TokenVerifier<A>;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly isAccessLogged: boolean;
  /** Requests per caller and minute; null when nobody is limited. */
  readonly rateLimitPerMinute: number | null;
  /** Paths that are not counted: those of probes. */
  readonly unlimitedPaths?: ReadonlySet<string>;
  /** The time in milliseconds since 1970, for the envelope. */
  readonly now?: () => number;
}

/** The middlewares in front of the router, by name and in their order; null is one that is turned off. */
export function createPipelineSteps<A extends Actor>(
  options: PipelineOptions<A>,
): Record<string, AppMiddleware<A> | null> {
  const { log, metrics, tracing, now, rateLimitPerMinute } = options;
  const steps = {
    compress: createCompress(),
    tracing: createRequestTracing({ tracing }),
    body: createBody({ limitBytes: options.bodyLimitBytes }),
    metrics: createRequestMetrics({ metrics }),
    context: createRequestContext({ timeoutMs: options.requestTimeoutMs }),
    correlation: createCorrelation({ tracing }),
    accessLog: options.isAccessLogged ? createAccessLog({ log }) : null,
    errorFormatter: createErrorFormatter({ log }),
    responseFormatter: createResponseFormatter(now === undefined ? {} : { now }),
    jwt: createJwt(options.tokens),
    rateLimit:
      rateLimitPerMinute === null
        ? null
        : createRateLimit({ perMinute: rateLimitPerMinute, unlimitedPaths: options.unlimitedPaths ?? new Set() }),
  };
  // Only jwt knows what kind of actor there is; the others take any.
  return steps;
}

/** The middlewares in front of the router, in their order. */
export function createPipeline<A extends Actor>(options: PipelineOptions<A>): AppMiddleware<A>[] {
  return Object.values(createPipelineSteps(options)).filter(step => step !== null);
}
