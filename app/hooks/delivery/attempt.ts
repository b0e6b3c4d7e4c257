import { type ChangeRecord } from '../../datastore/changes.ts';
import { type DeliveryFailure, type Effect } from '../effect.ts';
import { type Circuit } from './circuit.ts';
import { BatchFailedError } from './failures.ts';

/** What became of a batch: the failures by change id; undefined when the circuit is open and nothing was sent. */
export type AttemptOutcome = ReadonlyMap<string, DeliveryFailure> | undefined;

/**
 * Delivers a batch once, through the circuit of the target. Never throws: when nothing is known to be delivered,
 * everything failed. An effect that does not heed the signal is left behind.
 */
export async function attempt(
  effect: Pick<Effect, 'perform'>,
  circuit: Circuit,
  records: readonly ChangeRecord[],
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  try {
    return await circuit.run(async () => {
      const failures = await endedBy(signal, () => effect.perform(records, signal));
      const isTargetAtFault =
        records.every(({ _id }) => failures.has(_id)) &&
        [...failures.values()].every(({ isFinal, isRefusal }) => isFinal !== true && isRefusal !== true);
      if (isTargetAtFault) throw new BatchFailedError(failures);
      return failures;
    });
  } catch (error) {
    if (error instanceof BatchFailedError) return error.failures;
    const failure = { error: error instanceof Error ? error : new Error(String(error)) };
    return new Map(records.map(({ _id }) => [_id, failure]));
  }
}

async function endedBy<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let end: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    end = () => reject(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    if (end !== undefined) signal.removeEventListener('abort', end);
  }
}
