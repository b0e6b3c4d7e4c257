import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeoutError } from '../../lib/errors.ts';

/** Time as retries need it. */
export interface Timer {
  /** Milliseconds that only go forward. */
  now(): number;
  /** Resolves after `ms`, or earlier when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Until when something may be tried again. */
export interface Deadline {
  /** Throws `TimeoutError` with this message when the deadline has passed or the caller has gone. */
  throwIfPassed(message?: string, cause?: unknown): void;
  /** Waits before the next attempt (numbered from 0): a random share of a span that doubles from `baseMs` to `maxMs`. */
  pause(attempt: number, baseMs: number, maxMs: number): Promise<void>;
}

/** The timer of the process. */
export const systemTimer: Timer = {
  now: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, signal === undefined ? undefined : { signal }).catch(() => undefined),
};

/** Starts a deadline of `ms` milliseconds that an aborted signal ends early. */
export function startDeadline(
  ms: number,
  { timer, signal }: { timer: Timer; signal: AbortSignal | undefined },
): Deadline {
  const endsAt = timer.now() + ms;
  return {
    throwIfPassed(message, cause) {
      if (signal?.aborted === true || timer.now() >= endsAt) throw new TimeoutError(message, { cause });
    },
    async pause(attempt, baseMs, maxMs) {
      const span = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 16));
      await timer.wait(Math.min(Math.random() * span, Math.max(0, endsAt - timer.now())), signal);
    },
  };
}
