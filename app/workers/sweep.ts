import { type Logger } from '../../lib/log.ts';
import { type Outbox } from '../datastore/changes.ts';
import { type Collection } from '../datastore/store/collection.ts';
import { pendingChangeIndex, type VersionedDocument } from '../datastore/versioned.ts';

export interface SweepDependencies {
  /** The versioned collections, by name. */
  readonly collections: ReadonlyMap<string, Collection<VersionedDocument>>;
  readonly outbox: Outbox;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'warn'>;
  /** The pause between two runs. */
  readonly intervalMs: number;
  /** How old a change must be: younger ones are still on their ordinary way. */
  readonly minAgeMs: number;
  readonly pageSize?: number;
}

export interface Sweep {
  start(): void;
  /** Stops, and resolves when a run that is under way has ended. */
  stop(): Promise<void>;
  /** Looks once over all collections; gives the number of changes that were left over. Throws when the database does. */
  run(): Promise<number>;
}

/** Gives the worker that comes back to changes whose writer, or its dispatcher, did not live to copy them. */
export function createSweep(dependencies: SweepDependencies): Sweep {
  const { collections, outbox, clock, log, intervalMs, minAgeMs, pageSize = 500 } = dependencies;
  const stopping = { now: false };
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const dispatch = async (collection: string, { _id, pendingChange: change }: VersionedDocument): Promise<void> => {
    if (change === undefined) return;
    const source = { collection, documentId: _id, change };
    outbox.enqueue(source);
    // The next page waits until this one is safe, so that a long backlog never gathers in memory.
    await outbox.ensureRecorded(source);
  };

  const sweepCollection = async (collection: Collection<VersionedDocument>): Promise<number> => {
    const oldEnough = new Date(clock().getTime() - minAgeMs);
    let count = 0;
    let after: Date | undefined;
    for (;;) {
      const page = await collection.find(
        { 'pendingChange.at': { $lte: oldEnough, ...(after && { $gt: after }) } },
        {
          sort: { 'pendingChange.at': 1 },
          limit: pageSize,
          projection: { pendingChange: 1 },
          hint: pendingChangeIndex.name,
        },
      );
      await Promise.allSettled(page.map(document => dispatch(collection.name, document)));
      count += page.length;
      // Changes of the very instant at which a full page ends are left to the next run, which begins from the oldest again.
      after = page.at(-1)?.pendingChange?.at;
      if (page.length < pageSize || stopping.now) return count;
    }
  };

  const run = async (): Promise<number> => {
    let count = 0;
    for (const collection of collections.values()) {
      if (!stopping.now) count += await sweepCollection(collection);
    }
    return count;
  };

  const runAndPlan = async (): Promise<void> => {
    try {
      await run();
    } catch (error) {
      log.warn('The sweep was interrupted; it runs again.', { error, intervalMs });
    }
    plan();
  };

  const plan = (): void => {
    if (stopping.now) return;
    timer = setTimeout(() => {
      running = runAndPlan();
    }, intervalMs);
  };

  return {
    start: plan,
    async stop() {
      stopping.now = true;
      clearTimeout(timer);
      await running;
    },
    run,
  };
}
