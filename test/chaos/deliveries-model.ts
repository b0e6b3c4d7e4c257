import { createChanges, spec as changesSpec, type ChangeRecord, type EffectName } from '../../app/datastore/changes.ts';
import { createDeliveriesDatastore, type DeliveriesDatastore } from '../../app/datastore/deliveries.ts';
import { createLocks, spec as locksSpec, type LockDocument } from '../../app/datastore/locks.ts';
import { type Collection, type CollectionSpec, type StoredDocument } from '../../app/datastore/store/collection.ts';
import {
  createVersionedCollection,
  pendingChangeIndex,
  type VersionedCollection,
  type VersionedDocument,
} from '../../app/datastore/versioned.ts';
import { createDeliveries, type Deliveries } from '../../app/hooks/delivery/deliveries.ts';
import { createDispatcher, type Dispatcher } from '../../app/hooks/dispatcher.ts';
import { type DeliveryFailure, type Effect } from '../../app/hooks/effect.ts';
import { createSweep, type Sweep } from '../../app/workers/sweep.ts';
import { silentLog } from '../../lib/log.ts';
import { createMemoryCollection } from '../support/memory-collection.ts';
import { FaultyWorld, MAX_DELAY_MS, type Decision, type Replicated, type WorldProcess } from './faulty-world.ts';

const TOMBSTONE_MS = 10 * MAX_DELAY_MS;
const LEASE_MS = 4 * MAX_DELAY_MS;
const ids = ['a'.repeat(24), 'b'.repeat(24), 'c'.repeat(24)];
const ENABLED: readonly EffectName[] = ['kinesisCampaign', 'fastlyPurge'];
/** What each change asks for; the last is switched off. */
const ASKED: readonly EffectName[] = [...ENABLED, 'sqsDataPipeline'];
export const ATTEMPTS = 3;

interface Thing extends VersionedDocument {
  readonly count: number;
}

/** What a target makes of one change: it may also take it and say that it did not. */
export type Verdict = 'takes' | 'fails' | 'refuses' | 'lies';

/** What arrived at a target. */
export interface Arrival extends StoredDocument {
  readonly effect: EffectName;
  readonly changeId: string;
  readonly documentId: string;
  readonly version: number;
}

export interface DeliveryAction {
  readonly kind: 'write' | 'remove' | 'sweep' | 'poll' | 'redrive' | 'freeze';
  readonly slot: number;
  readonly document: number;
}

interface Process extends WorldProcess {
  readonly things: VersionedCollection<Thing>;
  readonly dispatcher: Dispatcher;
  readonly sweep: Sweep;
  readonly deliveries: Deliveries;
  readonly datastore: DeliveriesDatastore;
}

/** Instances that write and deliver over one store, to targets that fail. */
export class DeliveriesModel {
  readonly world: FaultyWorld;
  readonly changes = createReplicated<ChangeRecord>(changesSpec);
  /** All that arrived, in its order. */
  readonly arrivals: Arrival[] = [];
  /** Deliveries that were dead at some time, as `effect changeId`: they are out of order once they are redriven. */
  readonly buried = new Set<string>();
  readonly #things = createReplicated<Thing>({ name: 'things', ids: [], indexes: [pendingChangeIndex] });
  readonly #locks = createReplicated<LockDocument>(locksSpec);
  readonly #target: Replicated<Arrival>;
  readonly #verdicts: Verdict[];
  readonly #processes: Process[] = [];
  #sent = 0;

  constructor(schedule: readonly Decision[], verdicts: readonly Verdict[]) {
    this.world = new FaultyWorld(schedule);
    this.#verdicts = [...verdicts];
    const memory = createReplicated<Arrival>({ name: 'target', ids: [], indexes: [] });
    this.#target = { ...memory, primary: watch(memory.primary, document => this.arrivals.push(document)) };
    this.changes = {
      ...this.changes,
      primary: watch(this.changes.primary, undefined, (id, effect) => this.buried.add(`${effect} ${id}`)),
    };
  }

  process(slot: number): Process {
    const current = this.#processes[slot];
    if (current !== undefined && !current.dead) return current;
    return (this.#processes[slot] = this.#createProcess());
  }

  #createProcess(): Process {
    const { world } = this;
    const life: WorldProcess = { dead: false };
    const collection = world.collectionOf(life, this.#things);
    const changeCollection = world.collectionOf(life, this.changes);
    const collections = new Map([['things', collection]]);
    const log = silentLog('test');
    const { clock } = world;
    const timer = world.timerOf(life);
    const datastore = createDeliveriesDatastore({ collection: changeCollection });
    const metrics = { attempted: () => undefined, performed: () => undefined, delivered: () => undefined };
    const deliveries = createDeliveries({
      effects: ENABLED.map((name, at) => this.#createEffect(life, name, at + 2)),
      deliveries: datastore,
      locks: createLocks({ collection: world.collectionOf(life, this.#locks), clock }),
      clock,
      timer,
      Log: silentLog,
      metrics: { ofEffect: () => ({ ...metrics, circuitChanged: () => undefined }) },
      options: {
        maxWaiting: 6,
        maxInFlight: 2,
        timeoutMs: 60_000,
        pollIntervalMs: 20,
        leaseMs: LEASE_MS,
        // The circuit has a clock of its own; it lets a probe through whenever it is asked.
        circuit: { failures: 2, openMs: 0, maxOpenMs: 0 },
      },
    });
    const changes = createChanges({ collection: changeCollection, follower: deliveries });
    const dispatcher = createDispatcher({
      collections,
      changes,
      clock,
      log,
      maxBatchSize: 3,
      tombstoneMs: TOMBSTONE_MS,
    });
    return Object.assign(life, {
      things: createVersionedCollection({ collection, changes, outbox: dispatcher, clock, timer, deadlineMs: 60 }),
      dispatcher,
      sweep: createSweep({ collections, outbox: dispatcher, clock, log, intervalMs: 1000, minAgeMs: 5, pageSize: 2 }),
      deliveries,
      datastore,
    });
  }

  #createEffect(life: WorldProcess, name: EffectName, batchSize: number): Effect {
    const target = this.world.collectionOf(life, this.#target);
    return {
      name,
      batchSize,
      attempts: ATTEMPTS,
      backoff: { baseMs: 10, maxMs: 5000 },
      perform: async records => {
        const failures = new Map<string, DeliveryFailure>();
        const taken: Arrival[] = [];
        for (const { _id: changeId, documentId, version } of records) {
          const verdict = this.#verdicts.pop() ?? 'takes';
          if (verdict !== 'takes') {
            failures.set(changeId, { error: new Error(verdict), isFinal: verdict === 'refuses' });
          }
          if (verdict === 'takes' || verdict === 'lies') {
            taken.push({ _id: String((this.#sent += 1)), effect: name, changeId, documentId, version });
          }
        }
        if (new Set(records.map(record => record.documentId)).size < records.length) {
          throw new Error('Two changes of one document came in one batch.');
        }
        await target.bulkWrite(taken.map(document => ({ insertOne: { document } })));
        return failures;
      },
    };
  }

  async act(name: string, { kind, slot, document }: DeliveryAction): Promise<void> {
    const { things, sweep, deliveries, datastore } = this.process(slot);
    const _id = ids[document % ids.length] ?? '';
    const describeChange = () => ({ cause: 'campaign.updated', effects: ASKED, by: 'u1', correlation: name }) as const;
    try {
      if (kind === 'sweep') await sweep.run();
      else if (kind === 'poll') await deliveries.poll();
      else if (kind === 'redrive') await datastore.redrive({ effects: ENABLED }, this.world.clock());
      // Long enough for leases to end while something is under way.
      else if (kind === 'freeze') this.world.nowMs += LEASE_MS;
      else if (kind === 'remove') await things.remove(_id, { describeChange });
      else {
        const updated = await things.update(_id, thing => ({ ...thing, count: thing.count + 1 }), { describeChange });
        if (updated === null)
          await things.insert(
            { _id, count: 0 },
            { describeChange: () => ({ ...describeChange(), idempotencyKey: _id }) },
          );
      }
    } catch {
      // What callers are told is what the model of the change record is about.
    }
  }

  /** The faults end, dead processes come back, and all that is left is recorded and delivered. */
  async recover(): Promise<void> {
    this.world.endFaults();
    this.#verdicts.length = 0;
    await this.world.run();
    for (let round = 0; round < 30; round++) {
      this.world.nowMs += TOMBSTONE_MS + MAX_DELAY_MS;
      for (const slot of [0, 1]) {
        void this.process(slot).sweep.run();
        void this.process(slot).deliveries.poll();
        await this.world.run();
      }
      const left = await this.changes.primary.find({ 'pending.effect': { $in: [...ENABLED] } });
      if (round > 2 && left.length === 0) return;
    }
  }
}

function createReplicated<T extends StoredDocument>(spec: CollectionSpec): Replicated<T> {
  return { primary: createMemoryCollection<T>(spec), majority: createMemoryCollection<T>(spec) };
}

/** A collection that tells what is inserted into it, and what is buried. */
function watch<T extends StoredDocument>(
  collection: Collection<T>,
  onInsert: ((document: T) => void) | undefined,
  onBurial?: (id: string, effect: string) => void,
): Collection<T> {
  return {
    ...collection,
    bulkWrite: async operations => {
      for (const operation of operations) {
        if ('insertOne' in operation) onInsert?.(operation.insertOne.document);
        if ('updateOne' in operation) {
          const { filter, update } = operation.updateOne;
          const dead = update['$push']?.['dead'] as { effect: string } | undefined;
          if (dead !== undefined) onBurial?.(String(filter['_id']), dead.effect);
        }
      }
      return collection.bulkWrite(operations);
    },
  };
}

/** Plays rounds of concurrent actions. */
export async function playDeliveries(
  rounds: readonly (readonly DeliveryAction[])[],
  schedule: readonly Decision[],
  verdicts: readonly Verdict[],
): Promise<DeliveriesModel> {
  const model = new DeliveriesModel(schedule, verdicts);
  for (const [round, actions] of rounds.entries()) {
    actions.forEach((one, index) => model.world.plan(() => void model.act(`action-${round}-${index}`, one)));
    await model.world.run();
    model.world.nowMs += 50;
  }
  await model.recover();
  return model;
}
