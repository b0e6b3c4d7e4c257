import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type Logger } from '../../lib/log.ts';
import { type Changes, type ChangeSource, type Outbox } from '../datastore/changes.ts';
import { type BulkOperation, type Collection } from '../datastore/store/collection.ts';
import { type VersionedDocument } from '../datastore/versioned.ts';
import { createBatcher } from './batcher.ts';
import { createLatest } from './latest.ts';
import { createRecentSet } from './recent-set.ts';

export interface DispatcherMetrics {
  /** Changes were copied to `changes`. */
  recorded(count: number): void;
  /** Changes could not be copied, or not taken from their documents; the sweep comes back to them. */
  failed(stage: 'record' | 'clear', count: number): void;
}

/** Copies changes from their documents to `changes`, and then takes them from the documents. */
export interface Dispatcher extends Outbox {
  /** Resolves when nothing is waiting or under way. */
  drain(): Promise<void>;
}

export interface DispatcherDependencies {
  /** The versioned collections, by name. */
  readonly collections: ReadonlyMap<string, Collection<VersionedDocument>>;
  readonly changes: Pick<Changes, 'recordAll'>;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly metrics?: DispatcherMetrics;
  /** How many changes one batch holds at most. */
  readonly maxBatchSize?: number;
  /**
   * How long a recorded change stays in its document, so that a document that is written again meanwhile is spared the
   * write that would take it out.
   */
  readonly clearDelayMs?: number;
  /** How long what is left of a deleted document stays, so that a delayed insert cannot bring it back. */
  readonly tombstoneMs?: number;
}

interface Entry {
  readonly source: ChangeSource;
  waiters: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] | undefined;
}

const REMEMBERED_CHANGES = 20_000;

/** Gives the dispatcher of this process. Its failures are logged and counted, and are left to the sweep. */
export function createDispatcher({
  collections,
  changes,
  clock,
  log,
  metrics,
  maxBatchSize = 500,
  clearDelayMs = 0,
  tombstoneMs = 60_000,
}: DispatcherDependencies): Dispatcher {
  const recorded = createRecentSet(REMEMBERED_CHANGES);
  const entries = new Map<string, Entry>();

  const settle = (entry: Entry, error?: unknown): void => {
    entries.delete(entry.source.change.id);
    if (error === undefined) recorded.add(entry.source.change.id);
    for (const waiter of entry.waiters ?? []) {
      if (error === undefined) waiter.resolve();
      else waiter.reject(error);
    }
  };

  const fail = (stage: 'record' | 'clear', failures: readonly ChangeSource[], error: unknown): void => {
    metrics?.failed(stage, failures.length);
    const changeIds = failures.slice(0, 10).map(({ change }) => change.id);
    const data = { stage, count: failures.length, changeIds, error };
    if (error instanceof ServiceUnavailableError) log.warn('Changes wait for the sweep: the database is away.', data);
    else log.error('Changes could not be dispatched.', data);
  };

  const record = async (batch: Entry[]): Promise<void> => {
    const sources = batch.map(entry => entry.source);
    let refused: ReadonlyMap<number, Error>;
    try {
      refused = await changes.recordAll(sources);
    } catch (error) {
      fail('record', sources, error);
      for (const entry of batch) settle(entry, error);
      return;
    }
    batch.forEach((entry, index) => {
      const error = refused.get(index);
      if (error === undefined) cleared.add(entry.source);
      else fail('record', [entry.source], error);
      settle(entry, error);
    });
    metrics?.recorded(batch.length - refused.size);
  };

  const clear = async (batch: ChangeSource[]): Promise<void> => {
    const byCollection = new Map<string, ChangeSource[]>();
    for (const source of batch) {
      const group = byCollection.get(source.collection);
      if (group === undefined) byCollection.set(source.collection, [source]);
      else group.push(source);
    }
    await Promise.all([...byCollection].map(([name, sources]) => clearCollection(name, sources)));
  };

  const clearCollection = async (name: string, sources: ChangeSource[]): Promise<void> => {
    const oldest = clock().getTime() - tombstoneMs;
    const clearings = sources.flatMap(source => toClearing(source, oldest).map(operation => ({ source, operation })));
    if (clearings.length === 0) return;
    try {
      const collection = collections.get(name);
      if (collection === undefined) throw new Error(`${name} is not a versioned collection.`);
      const { failures } = await collection.bulkWrite(clearings.map(({ operation }) => operation));
      const [first] = failures;
      const failed = failures.flatMap(({ index }) => clearings[index]?.source ?? []);
      if (first !== undefined) fail('clear', failed, first.error);
    } catch (error) {
      const failed = clearings.map(({ source }) => source);
      fail('clear', failed, error);
    }
  };

  const recorder = createBatcher<Entry>({ maxSize: maxBatchSize, run: record });
  const clearer = createBatcher<ChangeSource>({ maxSize: maxBatchSize, run: clear });
  const cleared = createLatest<ChangeSource>({
    delayMs: clearDelayMs,
    keyOf: ({ collection, documentId }) => `${collection}/${documentId}`,
    release: source => clearer.add(source),
  });

  const enqueue = (source: ChangeSource): Entry => {
    const { id } = source.change;
    const known = entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = { source, waiters: undefined };
    entries.set(id, entry);
    recorder.add(entry);
    return entry;
  };

  return {
    enqueue(source) {
      // Recorded before, and still in its document: only that is left to do.
      if (recorded.has(source.change.id)) clearer.add(source);
      else enqueue(source);
    },
    async ensureRecorded(source) {
      if (recorded.has(source.change.id)) return;
      const entry = enqueue(source);
      await new Promise<void>((resolve, reject) => {
        (entry.waiters ??= []).push({ resolve, reject });
      });
    },
    async drain() {
      await recorder.idle();
      cleared.flush();
      await clearer.idle();
    },
  };
}

function toClearing({ documentId, change }: ChangeSource, oldestTombstone: number): BulkOperation<VersionedDocument>[] {
  const filter = { _id: documentId, 'pendingChange.id': change.id };
  if (change.content === undefined) return [{ updateOne: { filter, update: { $unset: { pendingChange: '' } } } }];
  return change.at.getTime() <= oldestTombstone ? [{ deleteOne: { filter } }] : [];
}
