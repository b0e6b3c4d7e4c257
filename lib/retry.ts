import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** How often the work is tried at most, the first time included. */
  readonly attempts: number;
  /** The longest pause after the first failure, in milliseconds; it doubles with each further one … */
  readonly baseMs: number;
  /** … up to this. */
  readonly maxMs: number;
  /** Whether an error may be another's fault than the request's. All are, when left out. */
  readonly shouldRetry?: (error: unknown) => boolean;
  /** How long an error asks to wait at least, in milliseconds: what `Retry-After` says. */
  readonly selectWaitMs?: (error: unknown) => number;
  /** Ends the pauses: the last error is thrown at once. */
  readonly signal?: AbortSignal;
}

/**
 * Tries work again after failures, with pauses of full jitter (a random part of the whole pause), so that those who
 * failed together do not come back together. Throws the last error.
 */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, shouldRetry = () => true, selectWaitMs = () => 0, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || signal?.aborted === true || !shouldRetry(error)) throw error;
      const pauseMs = Math.max(selectPauseMs(attempt, options), selectWaitMs(error));
      const isInterrupted = await sleep(pauseMs, false, signal && { signal }).catch(() => true);
      if (isInterrupted) throw error;
    }
  }
}

/** The pause after a failed attempt, in milliseconds. `random` gives 0 to 1. */
export function selectPauseMs(
  attempt: number,
  { baseMs, maxMs }: Pick<RetryOptions, 'baseMs' | 'maxMs'>,
  random: () => number = Math.random,
): number {
  return random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}
