import { createChanges, spec as changesSpec, type ChangeRecord } from '../../app/datastore/changes.ts';
import { type CollectionSpec, type StoredDocument } from '../../app/datastore/store/collection.ts';
import {
  createVersionedCollection,
  pendingChangeIndex,
  type VersionedCollection,
  type VersionedDocument,
} from '../../app/datastore/versioned.ts';
import { createDispatcher, type Dispatcher } from '../../app/hooks/dispatcher.ts';
import { createSweep, type Sweep } from '../../app/workers/sweep.ts';
import { TimeoutError } from '../../lib/errors.ts';
import { createMemoryCollection } from '../support/memory-collection.ts';
import { FaultyWorld, MAX_DELAY_MS, type Decision, type Replicated, type WorldProcess } from './faulty-world.ts';

const TOMBSTONE_MS = 10 * MAX_DELAY_MS;
/** The documents that the actions are about. */
export const ids = ['a'.repeat(24), 'b'.repeat(24), 'c'.repeat(24)];

interface Thing extends VersionedDocument {
  readonly count: number;
  readonly key?: string;
  readonly [field: string]: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One call that a client makes. */
export interface Action {
  readonly kind: 'insert' | 'update' | 'remove' | 'sweep';
  readonly slot: number;
  readonly document: number;
  readonly fields: Fields;
  readonly isCounting: boolean;
  readonly isChecked: boolean;
}

/** What a caller was told: written, certainly not written, or neither. Callers whose process died were told nothing. */
type Outcome =
  | { readonly told: 'written'; readonly changeId: string }
  | { readonly told: 'notWritten' | 'undecided'; readonly error?: unknown };

interface Process extends WorldProcess {
  readonly things: VersionedCollection<Thing>;
  readonly dispatcher: Dispatcher;
  readonly sweep: Sweep;
}

/** Two processes over one store, and what their callers were told. */
export class Model {
  readonly world: FaultyWorld;
  readonly outcomes = new Map<string, Outcome>();
  /** The version that an action expected, by its name. */
  readonly expectedVersions = new Map<string, number>();
  readonly things = createReplicated<Thing>({
    name: 'things',
    ids: [],
    indexes: [pendingChangeIndex, { name: 'key', key: { key: 1 }, unique: true, sparse: true }],
  });
  readonly changes = createReplicated<ChangeRecord>(changesSpec);
  readonly #processes: Process[] = [];

  constructor(schedule: readonly Decision[]) {
    this.world = new FaultyWorld(schedule);
  }

  /** The living process of a slot; a dead one is replaced, as an orchestrator does. */
  process(slot: number): Process {
    const current = this.#processes[slot];
    if (current !== undefined && !current.dead) return current;
    return (this.#processes[slot] = this.#createProcess());
  }

  #createProcess(): Process {
    const { world } = this;
    const life: WorldProcess = { dead: false };
    const collection = world.collectionOf(life, this.things);
    const changes = createChanges({ collection: world.collectionOf(life, this.changes) });
    const collections = new Map([['things', collection]]);
    const log = { warn: () => undefined, error: () => undefined };
    const { clock } = world;
    const dispatcher = createDispatcher({
      collections,
      changes,
      clock,
      log,
      maxBatchSize: 3,
      tombstoneMs: TOMBSTONE_MS,
    });
    const timer = world.timerOf(life);
    return Object.assign(life, {
      things: createVersionedCollection({ collection, changes, outbox: dispatcher, clock, timer, deadlineMs: 60 }),
      dispatcher,
      sweep: createSweep({ collections, outbox: dispatcher, clock, log, intervalMs: 1000, minAgeMs: 5, pageSize: 2 }),
    });
  }

  async act(name: string, { kind, slot, document, fields, isCounting, isChecked }: Action): Promise<void> {
    const { things, sweep } = this.process(slot);
    const id = ids[document % ids.length] ?? '';
    const describeChange = () =>
      ({
        cause: 'campaign.updated',
        effects: ['kinesisCampaign', 'fastlyPurge'],
        by: 'u1',
        correlation: name,
      }) as const;
    const told = (changeId: string | undefined): void => {
      this.outcomes.set(name, changeId === undefined ? { told: 'notWritten' } : { told: 'written', changeId });
    };
    try {
      if (kind === 'sweep') {
        await sweep.run();
      } else if (kind === 'insert') {
        // The ids come back, as those that are derived from an idempotency key do.
        const describeInsert = () => ({ ...describeChange(), idempotencyKey: id });
        const inserted = await things.insert(
          { ...fields, _id: id, count: 0 },
          {
            describeChange: describeInsert,
          },
        );
        told(inserted.pendingChange?.id);
      } else {
        const expectedVersion = isChecked ? (await things.findById(id))?.version : undefined;
        if (expectedVersion !== undefined) this.expectedVersions.set(name, expectedVersion);
        const options = { describeChange, ...(expectedVersion !== undefined && { expectedVersion }) };
        if (kind === 'remove') told((await things.remove(id, options))?.changeId);
        else {
          const apply = (current: Thing): Thing => ({
            ...current,
            ...fields,
            count: current.count + (isCounting ? 1 : 0),
          });
          told((await things.update(id, apply, options))?.changeId);
        }
      }
    } catch (error) {
      const isUndecided = error instanceof TimeoutError && !error.message.includes('Nothing was written');
      this.outcomes.set(name, { told: isUndecided ? 'undecided' : 'notWritten', error });
    }
  }

  /** The faults end, dead processes come back, and the sweep runs until it has nothing left. */
  async recover(): Promise<void> {
    this.world.endFaults();
    await this.world.run();
    for (let round = 0; round < 2; round++) {
      this.world.nowMs += TOMBSTONE_MS + MAX_DELAY_MS;
      for (const slot of [0, 1]) {
        void this.process(slot).sweep.run();
        await this.world.run();
      }
    }
  }
}

function createReplicated<T extends StoredDocument>(spec: CollectionSpec): Replicated<T> {
  return { primary: createMemoryCollection<T>(spec), majority: createMemoryCollection<T>(spec) };
}

/** Plays rounds of concurrent actions, long enough apart that what was deleted in one is gone in the next. */
export async function play(rounds: readonly (readonly Action[])[], schedule: readonly Decision[]): Promise<Model> {
  const model = new Model(schedule);
  for (const [round, actions] of rounds.entries()) {
    actions.forEach((one, index) => model.world.plan(() => void model.act(`action-${round}-${index}`, one)));
    await model.world.run();
    model.world.nowMs += TOMBSTONE_MS + MAX_DELAY_MS;
  }
  await model.recover();
  return model;
}
