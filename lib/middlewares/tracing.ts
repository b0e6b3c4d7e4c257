import { type RootSpanOptions, type Tracing } from '../tracing.ts';
import { type AppMiddleware } from './request-state.ts';

const FIRST_SERVER_ERROR = 500;

/**
 * One server span per request, named by method and route pattern. Without tracing it is not in the pipeline's way:
 * each request goes straight on.
 */
export function createRequestTracing({ tracing }: { readonly tracing: Tracing | null }): AppMiddleware {
  if (tracing === null) return (_ctx, next) => next();
  return (ctx, next) => {
    const { method = 'GET', headers } = ctx.req;
    const options: RootSpanOptions = {
      name: method,
      kind: 'server',
      headers: { traceparent: headers['traceparent'], tracestate: headers['tracestate'] },
      attributes: { 'http.request.method': method },
    };
    return tracing.withRootSpan(options, async span => {
      await next();
      const { routePattern } = ctx.state;
      const status = ctx.res.statusCode;
      span.setAttribute('http.response.status_code', status);
      if (routePattern !== undefined) {
        span.updateName(`${method} ${routePattern}`);
        span.setAttribute('http.route', routePattern);
      }
      if (status >= FIRST_SERVER_ERROR) span.setStatus({ code: SPAN_STATUS_ERROR });
    });
  };
}

/** `SpanStatusCode.ERROR`, written out so that nothing of OpenTelemetry is loaded while tracing is off. */
const SPAN_STATUS_ERROR = 2;
