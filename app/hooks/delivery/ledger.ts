import { ServiceUnavailableError } from '../../../lib/errors.ts';
import { type Logger } from '../../../lib/log.ts';
import { type Timer } from '../../datastore/deadline.ts';
import { type DeliveriesDatastore, type DeliveryKey } from '../../datastore/deliveries.ts';
import { createBatcher } from '../batcher.ts';

/** Writes down what became of deliveries, again and again until it is written. */
export interface Ledger extends Pick<DeliveriesDatastore, 'reschedule' | 'bury'> {
  /** Shares its write with what other effects complete meanwhile. */
  complete(deliveries: readonly DeliveryKey[]): Promise<void>;
  /** From now on nothing is tried a second time: what cannot be written is delivered again. */
  giveUp(): void;
}

export interface LedgerDependencies {
  readonly deliveries: Pick<DeliveriesDatastore, 'complete' | 'reschedule' | 'bury'>;
  readonly timer: Timer;
  readonly log: Pick<Logger, 'warn'>;
  /** How long completions wait for others, of the same changes above all, to be written with them, in milliseconds. */
  readonly gatherMs?: number;
}

interface Completion {
  readonly delivery: DeliveryKey;
  readonly done: (failure?: Error) => void;
}

const MAX_BATCH_SIZE = 2000;
const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Gives the ledger of this process. Its promises are rejected only after it gave up, or for a fault of ours. */
export function createLedger({ deliveries, timer, log, gatherMs = 0 }: LedgerDependencies): Ledger {
  let isGivenUp = false;

  const untilWritten = async (write: () => Promise<void>): Promise<void> => {
    for (let failed = 0; ; failed += 1) {
      try {
        return await write();
      } catch (error) {
        if (isGivenUp || !(error instanceof ServiceUnavailableError)) throw error;
        if (failed === 0) log.warn('deliveries.notWritten', { error });
        await timer.wait(Math.random() * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** failed));
      }
    }
  };

  const completions = createBatcher<Completion>({
    maxSize: MAX_BATCH_SIZE,
    ...(gatherMs > 0 && { gather: () => timer.wait(gatherMs) }),
    run: async batch => {
      let failure: Error | undefined;
      try {
        await untilWritten(() => deliveries.complete(batch.map(({ delivery }) => delivery)));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
      for (const { done } of batch) done(failure);
    },
  });

  return {
    async complete(completed) {
      await Promise.all(
        completed.map(
          delivery =>
            new Promise<void>((resolve, reject) => {
              const done = (failure?: Error): void => {
                if (failure === undefined) resolve();
                else reject(failure);
              };
              completions.add({ delivery, done });
            }),
        ),
      );
    },
    reschedule: reschedulings => untilWritten(() => deliveries.reschedule(reschedulings)),
    bury: burials => untilWritten(() => deliveries.bury(burials)),
    giveUp() {
      isGivenUp = true;
    },
  };
}
