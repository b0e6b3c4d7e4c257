import { type Logger } from '../../lib/log.ts';

/** How often what has expired is removed. */
const INTERVAL_MS = 10 * 60 * 1000;

/** Removes something that has expired; ends early by the signal. */
export type HousekeepingTask = (now: Date, signal: AbortSignal) => Promise<unknown>;

/**
 * Makes the worker that removes what has expired, one task after the other. A task that fails is logged, stops no other,
 * and is tried again in the next run.
 */
export function createHousekeeping({
  tasks,
  clock,
  log,
}: {
  /** By their names, for the log. */
  readonly tasks: Readonly<Record<string, HousekeepingTask>>;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'warn'>;
}): { start(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    for (const [task, perform] of Object.entries(tasks)) {
      if (signal.aborted) return;
      try {
        await perform(clock(), signal);
      } catch (error) {
        log.warn('housekeeping.failed', { task, error });
      }
    }
  };

  return {
    start() {
      timer = setInterval(() => {
        // A run that takes longer than the interval is not run beside itself.
        running ??= run().finally(() => (running = undefined));
      }, INTERVAL_MS);
      timer.unref();
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await running;
    },
  };
}
