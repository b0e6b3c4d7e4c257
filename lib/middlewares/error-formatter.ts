import {
  InternalError,
  PayloadTooLargeError,
  RouteNotFoundError,
  ServiceError,
  UnauthenticatedError,
  UnauthorizedError,
  UnsupportedMediaTypeError,
  ValidationError,
} from '../errors.ts';
import { type Log, type Logger } from '../log.ts';
import { type AppContext, type AppMiddleware } from './request-state.ts';
import { writeAnswer } from './response-writer.ts';

/**
 * Answers every error in the envelope `{ error: { type, message, correlation, details } }`, and the deadline of the
 * request as a `TIMEOUT`. Errors that are not a caller's business are logged with their cause and answered as
 * `INTERNAL_ERROR`.
 */
export function createErrorFormatter({ log: createLogger }: { readonly log: Log }): AppMiddleware {
  const log = createLogger('lib/middlewares/error-formatter');
  return async (ctx, next) => {
    try {
      await ctx.state.request.race(next());
    } catch (thrown) {
      const error = toServiceError(thrown);
      report(log, ctx, error);
      writeAnswer(ctx, {
        status: error.status,
        body: Buffer.from(JSON.stringify(formatError(error, ctx.state.correlation))),
        type: 'application/json; charset=utf-8',
        headers: error.headers,
      });
    }
  };
}

/** The envelope of an error. A message that is not for callers is replaced. */
export function formatError(error: ServiceError, correlation: string) {
  const message = error.expose ? error.message : 'The request cannot be answered.';
  return { error: { type: error.type, message, correlation, ...(error.details && { details: error.details }) } };
}

/** The error that a caller sees for whatever was thrown. HTTP errors of libraries keep their status where we have one. */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (!isHttpError(thrown) || thrown.status >= 500 || !thrown.expose) return new InternalError(thrown);
  switch (thrown.status) {
    case 401:
      return new UnauthenticatedError(undefined, { cause: thrown });
    case 403:
      return new UnauthorizedError();
    case 404:
      return new RouteNotFoundError();
    case 413:
      return new PayloadTooLargeError(thrown.message, { cause: thrown });
    case 415:
      return new UnsupportedMediaTypeError(thrown.message, { cause: thrown });
    default:
      return new ValidationError([{ message: thrown.message }]);
  }
}

function report(log: Logger, ctx: AppContext, error: ServiceError): void {
  const { correlation, routePattern } = ctx.state;
  const data = { type: error.type, method: ctx.method, route: routePattern, error };
  if (error.reportable) log.error('request failed', data, correlation);
  else if (error.status >= 500) log.warn('request failed', data, correlation);
  else log.debug('request refused', { type: error.type, method: ctx.method, route: routePattern }, correlation);
}

/** An error of Koa or of a library beside it (http-errors): a status, and whether the message may be shown. */
function isHttpError(thrown: unknown): thrown is Error & { status: number; expose: boolean } {
  return (
    thrown instanceof Error &&
    typeof (thrown as { status?: unknown }).status === 'number' &&
    typeof (thrown as { expose?: unknown }).expose === 'boolean'
  );
}
