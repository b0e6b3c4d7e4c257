import bodyParser from 'koa-bodyparser';
import { InvalidJsonError, PayloadTooLargeError, type ServiceError, UnsupportedMediaTypeError } from '../errors.ts';
import { findJsonFault } from '../json-fault.ts';
import { throwIfUnsafeJson } from '../json-guard.ts';
import { type AppContext, type AppMiddleware } from './request-state.ts';

export interface BodyOptions {
  /** The largest body that is read, in bytes, after decompression. */
  readonly limitBytes: number;
}

const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];
const MEDIA_TYPE = /^\s*([^\s;]+)\s*(?:;(.*))?$/;
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^\s";]+)"?/i;
const UTF_8 = /^utf-?8$/i;

/**
 * Reads a JSON body into `ctx.request.body`. It stands before the error formatter, so that what is wrong with a body
 * is kept in `ctx.state.bodyError` and thrown inside. `__proto__` is let through the parser, and found by the guard
 * that names where it lies.
 */
export function createBody({ limitBytes }: BodyOptions): AppMiddleware {
  const parse = bodyParser({
    enableTypes: ['json'],
    extendTypes: { json: JSON_TYPES },
    jsonLimit: `${limitBytes}b`,
    onerror: (error, ctx) => {
      (ctx as unknown as AppContext).state.bodyError = toBodyError(error, limitBytes);
    },
    // Not among the types: handed on to co-body.
    ...({ onProtoPoisoning: 'ignore' } as object),
  });
  return (ctx, next) => {
    if (!hasBody(ctx)) return next();
    const unsupported = selectUnsupported(ctx);
    if (unsupported !== null) {
      ctx.state.bodyError = unsupported;
      return next();
    }
    return parse(ctx, () => {
      keepIfUnsafe(ctx);
      return next();
    }) as Promise<void>;
  };
}

function hasBody({ req }: AppContext): boolean {
  if (!METHODS_WITH_BODY.has(req.method ?? '')) return false;
  const { 'content-length': length, 'transfer-encoding': transfer } = req.headers;
  return transfer !== undefined || (length !== undefined && length !== '0');
}

function selectUnsupported({ req }: AppContext): UnsupportedMediaTypeError | null {
  const [, type = '', parameters = ''] = MEDIA_TYPE.exec(req.headers['content-type'] ?? '') ?? [];
  if (!JSON_TYPES.includes(type.toLowerCase())) {
    return new UnsupportedMediaTypeError(`The body must be JSON: ${JSON_TYPES.join(' or ')}.`);
  }
  const charset = CHARSET.exec(parameters)?.[1];
  if (charset !== undefined && !UTF_8.test(charset)) {
    return new UnsupportedMediaTypeError('The body must be encoded in UTF-8.');
  }
  return null;
}

function keepIfUnsafe(ctx: AppContext): void {
  if (ctx.state.bodyError !== undefined) return;
  try {
    throwIfUnsafeJson(ctx.request.body);
  } catch (error) {
    ctx.state.bodyError = error as ServiceError;
  }
}

/** The errors of the parser's layers (raw-body, inflation, JSON.parse), told apart by their fields. */
function toBodyError(error: Error & { status?: number; body?: string; code?: string }, limitBytes: number): Error {
  if (error.status === 413) {
    return new PayloadTooLargeError(`The body is larger than ${limitBytes} bytes.`, { cause: error });
  }
  if (error.status === 415) {
    return new UnsupportedMediaTypeError('The content coding of the body is not supported.', { cause: error });
  }
  if (error instanceof SyntaxError && error.body !== undefined) {
    const { offset, line, column } = findJsonFault(error.body);
    return new InvalidJsonError(`The body is not a JSON object or array: see line ${line}, column ${column}.`, {
      details: [{ path: `offset ${offset}`, message: 'unexpected here' }],
    });
  }
  if (error.code?.startsWith('Z_') === true) {
    return new InvalidJsonError('The body cannot be decompressed.', { cause: error });
  }
  if (error.status === 400) return new InvalidJsonError('The body broke off.', { cause: error });
  return error;
}
