import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { type Batch, createBatch } from './batch.ts';
import { type Environment } from './environment.ts';

/** Carries out writes one after the other, and makes durable together those that wait at the same time. */
export interface WriteQueue {
  /**
   * Queues an operation, which runs in one go on what the operations before it left. Settles once what it did is
   * durable; rejects with what it threw, having changed nothing. Rejects with `ServiceUnavailableError` when the disk
   * refuses: the write may then have been done.
   */
  run<R>(operation: (batch: Batch) => R): Promise<R>;
  /** Refuses further operations and waits for those that are queued. */
  close(): Promise<void>;
}

interface Queued {
  readonly operation: (batch: Batch) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch is closed after this time, so that a long queue does not hold up everything else. */
const BATCH_MS = 10;

/** Creates the queue of a database. `onFailure` is told when a commit fails, after which nothing cached can be trusted. */
export function createWriteQueue(environment: Environment, onFailure: (error: unknown) => void): WriteQueue {
  let queue: Queued[] = [];
  let working: Promise<void> | undefined;
  let isClosed = false;

  const work = async (): Promise<void> => {
    // The next turn of the event loop: whoever was just answered can still join the batch.
    for (await nextTurn(); queue.length > 0; await nextTurn()) await writeBatch();
    working = undefined;
  };

  const writeBatch = async (): Promise<void> => {
    const batch = createBatch(environment);
    const answers: (() => void)[] = [];
    const failed: ((error: unknown) => void)[] = [];
    const end = performance.now() + BATCH_MS;
    let taken = 0;
    for (const { operation, resolve, reject } of queue) {
      taken += 1;
      try {
        const value = batch.attempt(() => operation(batch));
        answers.push(() => resolve(value));
      } catch (error) {
        answers.push(() => reject(error));
      }
      failed.push(reject);
      if (taken % 16 === 0 && performance.now() > end) break;
    }
    queue = queue.slice(taken);
    try {
      const changes = batch.changes();
      if (changes !== undefined) {
        await environment.commit(changes);
        environment.publish();
        batch.publish();
      }
    } catch (error) {
      // It may have been done all the same: what follows must build on what is there.
      environment.publish();
      onFailure(error);
      const unavailable = new ServiceUnavailableError('embedded store', { cause: error });
      for (const reject of failed) reject(unavailable);
      return;
    }
    for (const answer of answers) answer();
  };

  return {
    run: <R>(operation: (batch: Batch) => R) =>
      new Promise<R>((resolve, reject) => {
        if (isClosed) {
          reject(new ServiceUnavailableError('embedded store', { message: 'The store is closed.' }));
          return;
        }
        queue.push({ operation, resolve: value => resolve(value as R), reject });
        working ??= work();
      }),
    async close() {
      isClosed = true;
      await working;
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
