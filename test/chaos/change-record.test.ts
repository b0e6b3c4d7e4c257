import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createChanges, spec as changesSpec, type ChangeRecord } from '../../app/datastore/changes.ts';
import { selectContent } from '../../app/datastore/diff.ts';
import { DuplicateKeyError, type Collection } from '../../app/datastore/store/collection.ts';
import {
  createVersionedCollection,
  pendingChangeIndex,
  type VersionedCollection,
  type VersionedDocument,
} from '../../app/datastore/versioned.ts';
import { createDispatcher, type Dispatcher } from '../../app/hooks/dispatcher.ts';
import { createSweep, type Sweep } from '../../app/workers/sweep.ts';
import { ServiceUnavailableError, TimeoutError, VersionMismatchError } from '../../lib/errors.ts';
import { applyMergePatch } from '../../lib/merge-patch.ts';
import { createMemoryCollection } from '../support/memory-collection.ts';
import { FaultyWorld, MAX_DELAY_MS, type Decision, type Fault, type WorldProcess } from './faulty-world.ts';

const TOMBSTONE_MS = 10 * MAX_DELAY_MS;
const ids = ['a'.repeat(24), 'b'.repeat(24), 'c'.repeat(24)];

interface Thing extends VersionedDocument {
  readonly count: number;
  readonly key?: string;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

interface Action {
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

const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('x', 'y'),
  fc.constantFrom(1, 2).map(day => new Date(Date.UTC(2026, 5, day))),
  fc.record({ inner: fc.integer({ min: 0, max: 2 }), at: fc.constant(new Date(0)) }, { requiredKeys: ['inner'] }),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  fc.constant(undefined),
);

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant('insert' as const) },
    { weight: 8, arbitrary: fc.constant('update' as const) },
    { weight: 2, arbitrary: fc.constant('remove' as const) },
    { weight: 2, arbitrary: fc.constant('sweep' as const) },
  ),
  slot: fc.nat(1),
  document: fc.nat(ids.length - 1),
  fields: fc.record({ alpha: value, beta: value, key: fc.constantFrom('k1', 'k2', undefined) }, { requiredKeys: [] }),
  isCounting: fc.boolean(),
  isChecked: fc.boolean(),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Fault>('none') },
  { weight: 6, arbitrary: fc.constantFrom<Fault>('refused', 'answerLost', 'executedLate') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('diesBefore', 'diesAfter') },
);

const decisions: fc.Arbitrary<Decision[]> = fc.array(fc.record({ pick: fc.nat(63), fault }), {
  maxLength: 500,
  size: 'max',
});

/** Two processes over one store, and what their callers were told. */
class Model {
  readonly world: FaultyWorld;
  readonly outcomes = new Map<string, Outcome>();
  readonly things = createMemoryCollection<Thing>({
    name: 'things',
    ids: [],
    indexes: [pendingChangeIndex, { name: 'key', key: { key: 1 }, unique: true, sparse: true }],
  });
  readonly changes = createMemoryCollection<ChangeRecord>(changesSpec);
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
    const collections = new Map([['things', collection as unknown as Collection<VersionedDocument>]]);
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
        const inserted = await things.insert({ ...fields, _id: id, count: 0 } as Thing, {
          describeChange: describeInsert,
        });
        told(inserted.pendingChange?.id);
      } else {
        const expectedVersion = isChecked ? (await things.findById(id))?.version : undefined;
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

async function play(actions: readonly Action[], schedule: readonly Decision[]): Promise<Model> {
  const model = new Model(schedule);
  actions.forEach((one, index) => model.world.plan(() => void model.act(`action-${index}`, one)));
  await model.world.run();
  await model.recover();
  return model;
}

async function throwIfBroken(model: Model, actions: readonly Action[]): Promise<void> {
  const records = await model.changes.find({}, { sort: { documentId: 1, version: 1 } });
  const left = await model.things.find({});

  for (const { error } of [...model.outcomes.values()].map(outcome =>
    'error' in outcome ? outcome : { error: undefined },
  )) {
    const expected = [ServiceUnavailableError, TimeoutError, VersionMismatchError, DuplicateKeyError];
    if (error !== undefined) expect(expected.some(type => error instanceof type) ? '' : error).toBe('');
  }
  expect(left.filter(document => document.pendingChange !== undefined || document.deleted)).toEqual([]);

  for (const id of ids) {
    const history = records.filter(record => record.documentId === id);
    expect(history.map(record => record.version)).toEqual(history.map((_, index) => index + 1));
    const final = left.find(document => document._id === id);
    const last = history.at(-1);
    const content = history.reduce<unknown>((state, record) => applyMergePatch(state, record.diff.after), {});
    if (final === undefined) expect(last === undefined || last.content !== undefined).toBe(true);
    else expect(final.version).toBe(last?.version);
    if (last !== undefined) expect(content).toEqual(final === undefined ? last.content : selectContent(final));
    // Taken back change by change, nothing is left.
    const backwards = history.reduceRight<unknown>(
      (state, record) => applyMergePatch(state, record.diff.before),
      content,
    );
    expect(backwards).toEqual({});
  }

  for (const record of records) {
    expect(record.pending.map(({ effect, attempts }) => [effect, attempts])).toEqual([
      ['kinesisCampaign', 0],
      ['fastlyPurge', 0],
    ]);
    expect(record.dueAt).toEqual(record.at);
  }

  const wasLate = model.world.happened.has('executedLate');
  actions.forEach((_, index) => {
    const name = `action-${index}`;
    const written = records.filter(record => record.correlation === name);
    const outcome = model.outcomes.get(name);
    expect(written.length).toBeLessThanOrEqual(1);
    if (outcome?.told === 'written') expect(written.map(record => record._id)).toEqual([outcome.changeId]);
    if (outcome?.told !== 'notWritten') return;
    // A request that arrives late may find that the unique key which refused its repeat is free again.
    if (wasLate && 'error' in outcome && outcome.error instanceof DuplicateKeyError) return;
    expect(written).toEqual([]);
  });
  expect(records.every(record => record.correlation.startsWith('action-'))).toBe(true);
}

describe('the change record', () => {
  it('holds each change exactly once, whatever order, lost answer or death of a process', async () => {
    const runs = Number(process.env['CHAOS_RUNS'] ?? 300);
    const happened = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 14, size: 'max' }),
        decisions,
        async (actions, schedule) => {
          const model = await play(actions, schedule);
          for (const [name, count] of model.world.happened) happened.set(name, (happened.get(name) ?? 0) + count);
          for (const { told } of model.outcomes.values()) happened.set(told, (happened.get(told) ?? 0) + 1);
          await throwIfBroken(model, actions);
        },
      ),
      { numRuns: runs, ...(process.env['CHAOS_SEED'] !== undefined && { seed: Number(process.env['CHAOS_SEED']) }) },
    );
    // The schedules were worth their name.
    for (const name of [
      'refused',
      'answerLost',
      'executedLate',
      'diesBefore',
      'diesAfter',
      'written',
      'notWritten',
      'undecided',
    ]) {
      expect([name, happened.get(name) ?? 0]).not.toEqual([name, 0]);
    }
  }, 120_000);
});
