import { type Logger } from '../../lib/log.ts';
import { type AttemptsDatastore } from '../datastore/attempts.ts';

/** How often counts of failed attempts that have expired are removed. */
const INTERVAL_MS = 10 * 60 * 1000;

/** Makes the worker that removes what has expired. A failure is logged, and the next run tries again. */
export function createHousekeeping({
  attempts,
  clock,
  log,
}: {
  readonly attempts: AttemptsDatastore;
  readonly clock: () => Date;
  readonly log: Logger;
}): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  return {
    start() {
      timer = setInterval(() => {
        running = attempts.purge(clock()).catch((error: unknown) => log.warn('housekeeping.failed', { error }));
      }, INTERVAL_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
