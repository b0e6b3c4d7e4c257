import {
  createChanges,
  spec as changesSpec,
  type ChangeRecord,
  type ChangeSource,
  type EffectName,
} from '../../app/datastore/changes.ts';
import { createDeliveriesDatastore, type DeliveriesDatastore } from '../../app/datastore/deliveries.ts';
import { createLocks, spec as locksSpec, type LockDocument } from '../../app/datastore/locks.ts';
import { type Collection, type Store } from '../../app/datastore/store/collection.ts';
import { createDeliveries, type Deliveries, type DeliveriesOptions } from '../../app/hooks/delivery/deliveries.ts';
import { type DeliveryFailure, type Effect } from '../../app/hooks/effect.ts';
import { silentLog } from '../../lib/log.ts';

/** A target that remembers what arrived, and fails as a test says. */
export interface TestTarget extends Effect {
  /** Batches in the order in which they came, each as `documentId version`. */
  readonly batches: (readonly string[])[];
  /** What arrived, in its order. */
  readonly arrived: ChangeRecord[];
  /** Says what becomes of a change; undefined when it is taken. May throw for the whole batch, or never end. */
  judge: (record: ChangeRecord, signal: AbortSignal) => DeliveryFailure | undefined | Promise<undefined>;
}

/** Makes a target of a name. */
export function createTarget(name: EffectName, overrides: Partial<Effect> = {}): TestTarget {
  const target: TestTarget = {
    name,
    batchSize: 10,
    attempts: 5,
    backoff: { baseMs: 1, maxMs: 5 },
    batches: [],
    arrived: [],
    judge: () => undefined,
    async perform(records, signal) {
      target.batches.push(records.map(({ documentId, version }) => `${documentId} ${version}`));
      const failures = new Map<string, DeliveryFailure>();
      for (const record of records) {
        const failure = await target.judge(record, signal);
        if (failure === undefined) target.arrived.push(record);
        else failures.set(record._id, failure);
      }
      return failures;
    },
    ...overrides,
  };
  return target;
}

/** An instance that records changes and delivers them. */
export interface TestInstance {
  readonly deliveries: Deliveries;
  readonly datastore: DeliveriesDatastore;
  readonly changes: Collection<ChangeRecord>;
  /** Records changes as the dispatcher does. */
  readonly record: (...sources: readonly ChangeSource[]) => Promise<void>;
}

export const testDeliveryOptions: DeliveriesOptions = {
  maxWaiting: 100,
  maxInFlight: 4,
  timeoutMs: 5_000,
  pollIntervalMs: 10,
  leaseMs: 60_000,
  circuit: { failures: 3, openMs: 5, maxOpenMs: 20 },
};

/** Makes an instance over collections, which several instances may share. */
export function createInstance(
  collections: { readonly changes: Collection<ChangeRecord>; readonly locks: Collection<LockDocument> },
  effects: readonly Effect[],
  { clock = () => new Date(), ...options }: Partial<DeliveriesOptions> & { readonly clock?: () => Date } = {},
): TestInstance {
  const datastore = createDeliveriesDatastore({ collection: collections.changes });
  const deliveries = createDeliveries({
    effects,
    deliveries: datastore,
    locks: createLocks({ collection: collections.locks, clock }),
    clock,
    Log: silentLog,
    metrics: {
      ofEffect: () => ({
        attempted: () => undefined,
        performed: () => undefined,
        delivered: () => undefined,
        circuitChanged: () => undefined,
      }),
    },
    options: { ...testDeliveryOptions, ...options },
  });
  const changes = createChanges({ collection: collections.changes, follower: deliveries });
  return {
    deliveries,
    datastore,
    changes: collections.changes,
    record: async (...sources) => {
      await changes.recordAll(sources);
    },
  };
}

/** Opens the collections of deliveries on a store. */
export async function openDeliveryCollections(
  store: Store,
): Promise<{ readonly changes: Collection<ChangeRecord>; readonly locks: Collection<LockDocument> }> {
  const changes = store.collection<ChangeRecord>(changesSpec);
  const locks = store.collection<LockDocument>(locksSpec);
  await changes.createIndexes();
  await locks.createIndexes();
  return { changes, locks };
}

/** A change of a document that asks for effects. */
export function createSource(
  documentId: string,
  version: number,
  effects: readonly EffectName[],
  at = new Date(),
): ChangeSource {
  return {
    collection: 'campaigns',
    documentId,
    change: {
      id: `${documentId}-${version}`,
      version,
      cause: 'campaign.updated',
      effects,
      by: 'user',
      correlation: 'test',
      campaignId: documentId,
      at,
      diff: { before: {}, after: { version } },
    },
  };
}
