import { setTimeout as sleep } from 'node:timers/promises';
import { type RefreshResult } from '../../app/managers/campaigns/refresh.ts';
import { selectRetryAfterMs } from '../../lib/http-response.ts';
import { selectPauseMs } from '../../lib/retry.ts';
import { UsageError } from './command.ts';

export interface RefreshCallOptions {
  readonly url: string;
  readonly token: string;
  readonly correlation: string;
  /** How often it is tried at most. */
  readonly attempts: number;
  /** How long an attempt may take. */
  readonly timeoutMs: number;
  /** The longest pause after the first failure; it doubles with each further one. */
  readonly backoffMs: number;
  /** Told why an attempt failed. */
  readonly onFailure: (attempt: number, reason: string) => void;
}

/**
 * What came of a call: the counts; or no result from a service that was reached, which may have moved some campaigns;
 * or no connection at all.
 */
export type RefreshOutcome =
  | { readonly kind: 'done'; readonly result: RefreshResult; readonly attempts: number }
  | { readonly kind: 'partial' | 'unreachable' };

/** The longest pause, whether it is our own or one that the service asks for. */
const MAX_PAUSE_MS = 60_000;

/** How an attempt failed: whether the service may have begun, and how long it asks to be left alone. */
interface Failure {
  readonly reason: string;
  readonly isReached: boolean;
  readonly retryAfterMs: number;
}

/**
 * Calls for a refresh, again after 429, 5xx and whatever the network does: a refresh that is repeated goes on where the
 * last one ended. Throws `UsageError` when repeating is of no use (a token that is refused, an address of something else).
 */
export async function callRefresh(options: RefreshCallOptions): Promise<RefreshOutcome> {
  let isReached = false;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await attemptRefresh(options);
    if (!('reason' in answer)) return { kind: 'done', result: answer, attempts: attempt };
    options.onFailure(attempt, answer.reason);
    isReached ||= answer.isReached;
    if (attempt >= options.attempts) return { kind: isReached ? 'partial' : 'unreachable' };
    const pauseMs = selectPauseMs(attempt, { baseMs: options.backoffMs, maxMs: MAX_PAUSE_MS });
    await sleep(Math.min(MAX_PAUSE_MS, Math.max(pauseMs, answer.retryAfterMs)));
  }
}

async function attemptRefresh({
  url,
  token,
  correlation,
  timeoutMs,
}: RefreshCallOptions): Promise<RefreshResult | Failure> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url.replace(/\/+$/, '')}/campaigns/refresh`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-correlation-id': correlation },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = parseBody(await response.text());
  } catch (error) {
    return { reason: describeNetworkError(error), isReached: !isUnreached(error), retryAfterMs: 0 };
  }
  const { status } = response;
  if (status === 429 || status >= 500) {
    return {
      reason: describeAnswer(status, body),
      isReached: true,
      retryAfterMs: selectRetryAfterMs(response.headers) ?? 0,
    };
  }
  const result = (body as { readonly data?: Partial<RefreshResult> } | undefined)?.data;
  if (response.ok && typeof result?.opened === 'number') return result as RefreshResult;
  throw new UsageError(`${url} cannot be refreshed: ${describeAnswer(status, body)}.`);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeAnswer(status: number, body: unknown): string {
  const { type, message } = (body as { error?: { type?: string; message?: string } } | undefined)?.error ?? {};
  return type === undefined
    ? `it answered ${status}`
    : `it answered ${status} ${type}: ${(message ?? '').replace(/\.$/, '')}`;
}

/** What proves that nobody was reached; after any other failure the service may have begun. */
const unreachedCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function isUnreached(error: unknown): boolean {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  return cause?.code !== undefined && unreachedCodes.has(cause.code);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

function describeNetworkError(error: unknown): string {
  if (isTimeout(error)) return 'no answer in time';
  // fetch says no more than that it failed; its cause says why.
  const { cause } = error as Error;
  return cause instanceof Error
    ? cause.message || String((cause as NodeJS.ErrnoException).code)
    : (error as Error).message;
}
