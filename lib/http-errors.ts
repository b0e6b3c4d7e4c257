/** Why a call came to nothing. `status`: the target answered something else than success. */
export type HttpFailureReason = 'network' | 'timeout' | 'circuitOpen' | 'overloaded' | 'status' | 'body';

export interface HttpFailureOptions {
  /** What was called, as operators know it: never an address, which may hold a secret. */
  readonly target: string;
  readonly reason: HttpFailureReason;
  readonly message: string;
  readonly status?: number | undefined;
  readonly body?: unknown;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A call of another system over HTTP that failed. Says nothing of headers and query, where secrets are. */
export class HttpCallError extends Error {
  override readonly name = 'HttpCallError';
  readonly target: string;
  readonly reason: HttpFailureReason;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The parsed JSON of an answer that was no success; undefined when it was none. Not for logs. */
  readonly #body: unknown;
  /** How long the target asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor({ target, reason, message, status, body, retryAfterMs, cause }: HttpFailureOptions) {
    super(`${target}: ${message}`, cause === undefined ? undefined : { cause });
    this.target = target;
    this.reason = reason;
    this.status = status;
    this.#body = body;
    this.retryAfterMs = retryAfterMs;
  }

  get body(): unknown {
    return this.#body;
  }

  /** Whether the target may be at fault and not the request: another time it may do. */
  get isTransient(): boolean {
    if (this.reason === 'status') return this.status === 429 || (this.status ?? 0) >= 500;
    return this.reason !== 'body';
  }
}
