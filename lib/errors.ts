/** One fault of an input: where it lies (a JSON pointer into the body, or the name of a parameter) and what is wrong. */
export interface ErrorDetail {
  readonly path?: string;
  readonly message: string;
}

export interface ServiceErrorOptions {
  readonly details?: readonly ErrorDetail[];
  readonly cause?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The base of every error that a caller is meant to see. HTTP and socket answers are made from `type`, `status`,
 * `message` and `details` in one place each; nothing ever matches on messages.
 */
export abstract class ServiceError extends Error {
  /** The stable name of the error in the API, one of the rows of docs/errors.md. */
  abstract readonly type: string;
  /** The HTTP status that it is answered with. */
  abstract readonly status: number;
  /** Whether an engineer must look: such errors are logged at level error. */
  readonly reportable: boolean = false;
  /** Whether the message may be shown to a caller. */
  readonly expose: boolean = true;
  readonly details: readonly ErrorDetail[] | undefined;
  /** Response headers that belong to the error (`Retry-After`, `Allow`, …). */
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** The input breaks its schema; `details` lists every fault. */
export class ValidationError extends ServiceError {
  readonly type = 'VALIDATION_ERROR';
  readonly status = 400;

  constructor(details: readonly ErrorDetail[], message = 'The input is not valid.') {
    super(message, { details });
  }
}

/** The body is not JSON; the message says where it breaks. */
export class InvalidJsonError extends ServiceError {
  readonly type = 'INVALID_JSON';
  readonly status = 400;
}

/** The body's media type is not one that the route reads. */
export class UnsupportedMediaTypeError extends ServiceError {
  readonly type = 'UNSUPPORTED_MEDIA_TYPE';
  readonly status = 415;
}

/** The body is larger than the limit. */
export class PayloadTooLargeError extends ServiceError {
  readonly type = 'PAYLOAD_TOO_LARGE';
  readonly status = 413;
}

/** No token, or one that is malformed, expired, not yet valid, revoked, or signed by a key that we do not trust. */
export class UnauthenticatedError extends ServiceError {
  readonly type = 'UNAUTHENTICATED';
  readonly status = 401;

  constructor(message = 'A valid bearer token is required.', options: ServiceErrorOptions = {}) {
    super(message, {
      ...options,
      headers: { 'www-authenticate': 'Bearer realm="campaign-service"', ...options.headers },
    });
  }
}

/** The token is valid, the action is not among those that it grants. */
export class UnauthorizedError extends ServiceError {
  readonly type = 'UNAUTHORIZED';
  readonly status = 403;

  constructor(message = 'The token does not grant this action.') {
    super(message);
  }
}

/** No route has this path. */
export class RouteNotFoundError extends ServiceError {
  readonly type = 'ROUTE_NOT_FOUND';
  readonly status = 404;

  constructor(message = 'No such route.') {
    super(message);
  }
}

/** The path exists, the method does not; `Allow` names those that do. */
export class MethodNotAllowedError extends ServiceError {
  readonly type = 'METHOD_NOT_ALLOWED';
  readonly status = 405;

  constructor(allowed: readonly string[]) {
    super(`The method is not allowed here. Allowed: ${allowed.join(', ')}.`, {
      headers: { allow: allowed.join(', ') },
    });
  }
}

/** `If-Match` (or an expected version) is not the current version; nothing was written. */
export class VersionMismatchError extends ServiceError {
  readonly type = 'VERSION_MISMATCH';
  readonly status = 412;
  readonly currentVersion: number;

  constructor(currentVersion: number) {
    super(`The document is at version ${currentVersion}.`);
    this.currentVersion = currentVersion;
  }
}

/** The same idempotency key was used with another body. */
export class IdempotencyKeyReusedError extends ServiceError {
  readonly type = 'IDEMPOTENCY_KEY_REUSED';
  readonly status = 422;

  constructor() {
    super('This Idempotency-Key was used with another body.');
  }
}

/** Too many requests; `Retry-After` says when to come back. */
export class RateLimitedError extends ServiceError {
  readonly type = 'RATE_LIMITED';
  readonly status = 429;

  constructor(retryAfterSeconds: number, message = 'Too many requests.') {
    super(message, { headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) } });
  }
}

/** A fault of ours. The cause is logged under the correlation id, and nothing of it is shown. */
export class InternalError extends ServiceError {
  readonly type = 'INTERNAL_ERROR';
  readonly status = 500;
  override readonly reportable = true;

  constructor(cause: unknown) {
    super('Something went wrong on our side. The correlation id names the log lines.', { cause });
  }
}

/** A dependency, named in `details`, is down or its circuit is open; `Retry-After` says when to try again. */
export class ServiceUnavailableError extends ServiceError {
  readonly type = 'SERVICE_UNAVAILABLE';
  readonly status = 503;
  readonly dependency: string;

  constructor(dependency: string, options: { cause?: unknown; message?: string; retryAfterSeconds?: number } = {}) {
    super(options.message ?? `The service cannot reach ${dependency} now.`, {
      cause: options.cause,
      details: [{ path: dependency, message: 'unavailable' }],
      headers: { 'retry-after': String(options.retryAfterSeconds ?? 2) },
    });
    this.dependency = dependency;
  }
}

/** The deadline passed; whether the work was done is undecided, and the message says so. */
export class TimeoutError extends ServiceError {
  readonly type = 'TIMEOUT';
  readonly status = 504;

  constructor(
    message = 'The deadline passed. Whether the request was carried out is undecided: read before you repeat it.',
    options: ServiceErrorOptions = {},
  ) {
    super(message, options);
  }
}
