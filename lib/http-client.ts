import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import { HttpCallError, type HttpFailureOptions, type HttpFailureReason } from './http-errors.ts';
import { readJson, selectRetryAfterMs } from './http-response.ts';
import { type Logger } from './log.ts';
import { retry } from './retry.ts';

export { HttpCallError } from './http-errors.ts';

export type QueryValue = string | number | undefined;

export interface HttpRequest {
  /** GET when left out. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'PURGE';
  /** Below the base address, with a leading slash; its parts are encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whether it may be sent again after a failure. Left out: yes for all methods but POST and PATCH. */
  readonly isRepeatable?: boolean;
  /** Ends the call: with what it was aborted with, or in a pause with the failure before it. */
  readonly signal?: AbortSignal;
}

/** An answer of success. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, to be validated by who asked; undefined for an answer without a body. */
  readonly body: unknown;
}

export type HttpOutcome = 'success' | 'refused' | HttpFailureReason;

export interface HttpClientOptions {
  /** What is called, as operators know it, for errors, logs and metrics: `discovery`. */
  readonly target: string;
  /** Where it is, without a slash at the end. */
  readonly baseUrl: string;
  /** Sent with each request: credentials among them. They are in no error and no log line. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** How long an attempt may take, its body included. */
  readonly timeoutMs: number;
  /** How often a request is tried at most, the first time included. */
  readonly attempts: number;
  /** The longest pause after the first failure; it doubles with each further one, up to `maxMs`. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
  /** The longest `Retry-After` that is waited for; one that is longer ends the call at once. */
  readonly maxRetryAfterMs?: number;
  /** How many failures in a row open the circuit, and after how long one request is let through to try. */
  readonly circuit?: { readonly failures: number; readonly openMs: number };
  /** How many requests are under way at once; others wait their turn, and their time-out begins with it. */
  readonly maxConcurrent?: number;
  /** How many may wait; more are refused at once. */
  readonly maxWaiting?: number;
  /** The largest body that is read. */
  readonly maxResponseBytes?: number;
  /** Told when the circuit opens and closes. */
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Told of each attempt, for metrics; `circuitOpen` and `overloaded` are attempts that were not made. */
  readonly onAttempt?: (outcome: HttpOutcome, durationSeconds: number) => void;
}

/** A client of one system that speaks JSON over HTTP. */
export interface HttpClient {
  /** Whether requests are held back because the target failed too often. */
  readonly isCircuitOpen: boolean;
  /**
   * Sends a request and gives the answer, if it is a success (2xx). Throws `HttpCallError`, and what the signal was
   * aborted with.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

const DEFAULTS = {
  backoff: { baseMs: 200, maxMs: 2_000 },
  maxRetryAfterMs: 5_000,
  circuit: { failures: 5, openMs: 5_000 },
  maxConcurrent: 10,
  maxWaiting: 500,
  maxResponseBytes: 5_242_880,
} as const;

const NOT_REPEATABLE = new Set(['POST', 'PATCH']);

const isTransient = (error: unknown): boolean => error instanceof HttpCallError && error.isTransient;

/**
 * Makes a client: each attempt has a time-out, what may be repeated is tried again with full jitter and not before
 * `Retry-After`, and a circuit breaker spares a target that keeps failing. Redirects are not followed: a credential
 * must not go to another host.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { target, attempts, log, onAttempt } = options;
  const { backoff, maxRetryAfterMs, circuit, maxConcurrent, maxWaiting } = { ...DEFAULTS, ...options };
  const breaker = circuitBreaker(handleWhen(isTransient), {
    halfOpenAfter: circuit.openMs,
    breaker: new ConsecutiveBreaker(circuit.failures),
  });
  const turns = bulkhead(maxConcurrent, maxWaiting);
  breaker.onBreak(reason =>
    log.warn('http.circuitOpen', { target, ...('error' in reason && { error: reason.error }) }),
  );
  breaker.onReset(() => log.info('http.circuitClosed', { target }));

  const attempt = async (request: HttpRequest): Promise<HttpResponse> => {
    const startedAt = performance.now();
    const tell = (outcome: HttpOutcome): void => onAttempt?.(outcome, (performance.now() - startedAt) / 1000);
    try {
      // An answer that refuses the request speaks for the target: the breaker sees it as a success.
      const answer = await turns.execute(() => breaker.execute(() => send(options, request)));
      if (answer instanceof HttpCallError) throw answer;
      tell('success');
      return answer;
    } catch (error) {
      if (error instanceof HttpCallError) tell(error.isTransient || error.reason === 'body' ? error.reason : 'refused');
      const spared = selectSpared(error);
      if (spared === undefined) throw error;
      tell(spared.reason);
      throw new HttpCallError({ target, ...spared });
    }
  };

  return {
    get isCircuitOpen() {
      return breaker.state === CircuitState.Open;
    },
    request(request) {
      const { method = 'GET', isRepeatable = !NOT_REPEATABLE.has(method), signal } = request;
      return retry(() => attempt(request), {
        attempts: isRepeatable ? attempts : 1,
        ...backoff,
        shouldRetry: error =>
          error instanceof HttpCallError &&
          error.isTransient &&
          error.reason !== 'circuitOpen' &&
          error.reason !== 'overloaded' &&
          (error.retryAfterMs ?? 0) <= maxRetryAfterMs,
        selectWaitMs: error => (error instanceof HttpCallError ? (error.retryAfterMs ?? 0) : 0),
        ...(signal && { signal }),
      });
    },
  };
}

/** Says why an attempt was not made at all; undefined for one that was. */
function selectSpared(error: unknown): Pick<HttpFailureOptions, 'reason' | 'message'> | undefined {
  if (error instanceof BrokenCircuitError) {
    return { reason: 'circuitOpen', message: 'it failed too often and is left alone' };
  }
  if (error instanceof BulkheadRejectedError) {
    return { reason: 'overloaded', message: 'too many requests wait for it already' };
  }
  return undefined;
}

/** Makes one attempt. Gives a refusal (4xx, 3xx) as a value; throws what speaks against the target. */
async function send(options: HttpClientOptions, request: HttpRequest): Promise<HttpResponse | HttpCallError> {
  const { target, timeoutMs, maxResponseBytes = DEFAULTS.maxResponseBytes } = options;
  const { method = 'GET', headers, body, signal } = request;
  signal?.throwIfAborted();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('timed out')), timeoutMs);
  try {
    const response = await fetch(createUrl(options, request), {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]),
    });
    const { status } = response;
    const json = await readJson(response, maxResponseBytes);
    if (response.ok) {
      if ('value' in json) return { status, headers: response.headers, body: json.value };
      return new HttpCallError({ target, reason: 'body', status, message: json.problem });
    }
    const failure = new HttpCallError({
      target,
      reason: 'status',
      status,
      message: `answered ${status}`,
      body: 'value' in json ? json.value : undefined,
      retryAfterMs: selectRetryAfterMs(response.headers),
    });
    if (failure.isTransient) throw failure;
    return failure;
  } catch (error) {
    if (error instanceof HttpCallError) throw error;
    signal?.throwIfAborted();
    if (timeout.signal.aborted) {
      throw new HttpCallError({ target, reason: 'timeout', message: `no answer within ${timeoutMs} ms` });
    }
    throw createNetworkError(target, error);
  } finally {
    clearTimeout(timer);
  }
}

function createUrl({ baseUrl, query }: HttpClientOptions, request: HttpRequest): URL {
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}${request.path}`);
  for (const [name, value] of Object.entries({ ...query, ...request.query })) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

/**
 * `fetch` says no more than that it failed; its cause says why. Without a code it is no failure of the network but of
 * the request, and its message may quote a header: nothing of it is kept.
 */
function createNetworkError(target: string, error: unknown): HttpCallError {
  const { cause } = error as Error;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  return new HttpCallError({
    target,
    reason: 'network',
    message: code === undefined ? 'it cannot be reached' : `it cannot be reached (${code})`,
    cause: code === undefined ? undefined : cause,
  });
}
