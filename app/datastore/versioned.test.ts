import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError, TimeoutError, VersionMismatchError } from '../../lib/errors.ts';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { createChanges, spec as changesSpec, type ChangeRecord, type ChangeSource } from './changes.ts';
import { DuplicateKeyError, type Collection } from './store/collection.ts';
import { createVersionedCollection, pendingChangeIndex, type VersionedDocument } from './versioned.ts';

interface Thing extends VersionedDocument {
  readonly name: string;
  readonly nameKey?: string;
  readonly password?: string;
  readonly date?: { readonly updated?: Date; readonly open?: Date };
}

const id = '0123456789abcdef01234567';
const at = new Date('2026-03-01T10:00:00Z');
const describeChange = () =>
  ({ cause: 'campaign.updated', effects: ['fastlyPurge'], by: 'user-1', correlation: 'c1', campaignId: id }) as const;

function setUp() {
  const things = createMemoryCollection<Thing>({
    name: 'things',
    ids: [],
    indexes: [pendingChangeIndex, { name: 'nameKey', key: { nameKey: 1 }, unique: true, sparse: true }],
  });
  const recorded = createMemoryCollection<ChangeRecord>(changesSpec);
  const changes = createChanges({ collection: recorded });
  const enqueued: ChangeSource[] = [];
  const outbox = {
    enqueue: (source: ChangeSource) => void enqueued.push(source),
    ensureRecorded: (source: ChangeSource) => changes.record(source),
  };
  const timer = { now: () => timer.ms, wait: async (ms: number) => void (timer.ms += Math.max(ms, 1)), ms: 0 };
  const create = (collection: Collection<Thing> = things) =>
    createVersionedCollection<Thing>({ collection, changes, outbox, clock: () => at, timer, redact: ['password'] });
  return { things, recorded, changes, enqueued, outbox, timer, create, collection: create() };
}

/** Lets the first calls of a method go wrong: `before` they are executed, or `after`, so that only the answer is lost. */
function failing(
  collection: Collection<Thing>,
  method: 'updateOne' | 'insertOne',
  when: 'before' | 'after',
  { times = 1, meanwhile }: { times?: number; meanwhile?: () => Promise<unknown> } = {},
): Collection<Thing> {
  const execution = Reflect.get(collection, method) as (...args: unknown[]) => Promise<unknown>;
  let left = times;
  const call = async (...args: unknown[]): Promise<unknown> => {
    const execute = () => execution.apply(collection, args);
    if (left === 0) return execute();
    left -= 1;
    if (when === 'after') await execute();
    await meanwhile?.();
    throw new ServiceUnavailableError('the database');
  };
  return { ...collection, [method]: call };
}

describe('a versioned collection', () => {
  let world: ReturnType<typeof setUp>;
  beforeEach(async () => {
    world = setUp();
    await world.collection.insert({ _id: id, name: 'Tour', nameKey: 'tour' }, { describeChange });
  });

  it('inserts a document at version 1, its change with it', async () => {
    const stored = await world.things.findOne({ _id: id });
    expect(stored).toEqual({
      _id: id,
      name: 'Tour',
      nameKey: 'tour',
      version: 1,
      pendingChange: {
        ...describeChange(),
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        version: 1,
        at,
        diff: { before: { name: null, nameKey: null }, after: { name: 'Tour', nameKey: 'tour' } },
      },
    });
    expect(world.enqueued).toEqual([{ collection: 'things', documentId: id, change: stored?.pendingChange }]);
  });

  it('finds a document by its id, and nothing by an ill-formed one', async () => {
    expect(await world.collection.findById(id)).toMatchObject({ name: 'Tour', version: 1 });
    expect(await world.collection.findById(id.toUpperCase())).toBeNull();
    expect(await world.collection.findById('0123456789abcdef01234568')).toBeNull();
  });

  it('writes what an update changed, and gives the document before and after as it is stored', async () => {
    const outcome = await world.collection.update(
      id,
      ({ nameKey: _, ...thing }) => ({ ...thing, name: 'Other', date: { open: at } }),
      { describeChange },
    );
    const stored = await world.things.findOne({ _id: id });
    expect(outcome?.after).toEqual(stored);
    expect(stored).toMatchObject({ name: 'Other', date: { open: at }, version: 2 });
    expect(stored).not.toHaveProperty('nameKey');
    expect(outcome?.before).toMatchObject({ name: 'Tour', version: 1 });
    expect(outcome?.changeId).toBe(stored?.pendingChange?.id);
    expect(stored?.pendingChange?.diff).toEqual({
      before: { name: 'Tour', nameKey: 'tour', date: null },
      after: { name: 'Other', nameKey: null, date: { open: at } },
    });
  });

  it('records the last change before the next one takes its place', async () => {
    const [first] = world.enqueued;
    await world.collection.update(id, thing => ({ ...thing, name: 'Other' }), { describeChange });
    expect(await world.recorded.find({})).toEqual([expect.objectContaining({ _id: first?.change.id, version: 1 })]);
  });

  it('writes nothing while the last change cannot be recorded', async () => {
    world.outbox.ensureRecorded = () => Promise.reject(new ServiceUnavailableError('the database'));
    const update = world.collection.update(id, thing => ({ ...thing, name: 'Other' }), { describeChange });
    await expect(update).rejects.toBeInstanceOf(ServiceUnavailableError);
    expect(await world.collection.findById(id)).toMatchObject({ name: 'Tour', version: 1 });
  });

  it('neither writes nor counts an update that changes nothing, and does not stamp it', async () => {
    const outcome = await world.collection.update(id, thing => ({ ...thing, name: 'Tour' }), {
      describeChange,
      stamp: () => expect('stamped').toBe('left alone') as never,
    });
    expect(outcome).toEqual({ before: outcome?.before, after: outcome?.before });
    expect(outcome?.after.version).toBe(1);
    expect(world.enqueued).toHaveLength(1);
  });

  it('stamps what changed', async () => {
    const stamp = (thing: Thing, updated: Date): Thing => ({ ...thing, date: { ...thing.date, updated } });
    const outcome = await world.collection.update(id, thing => ({ ...thing, name: 'X' }), { describeChange, stamp });
    expect(outcome?.after.date).toEqual({ updated: at });
    expect(outcome?.after.pendingChange?.diff.after).toEqual({ name: 'X', date: { updated: at } });
  });

  it('never shows a secret in a change', async () => {
    await world.collection.update(id, thing => ({ ...thing, password: 'secret' }), { describeChange });
    await world.collection.update(id, thing => ({ ...thing, password: 'other secret' }), { describeChange });
    await world.collection.remove(id, { describeChange });
    expect(JSON.stringify(world.enqueued)).toContain('[redacted]');
    expect(JSON.stringify(world.enqueued)).not.toContain('secret');
    expect(JSON.stringify(await world.things.find({}))).not.toContain('secret');
  });

  it('refuses an update of another version than the caller has seen', async () => {
    const options = { describeChange, expectedVersion: 2 };
    const update = world.collection.update(id, thing => ({ ...thing, name: 'Other' }), options);
    await expect(update).rejects.toMatchObject({ constructor: VersionMismatchError, currentVersion: 1 });
    await expect(world.collection.remove(id, options)).rejects.toBeInstanceOf(VersionMismatchError);
    expect(await world.collection.findById(id)).toMatchObject({ name: 'Tour' });
  });

  it('hands on what the caller throws, and what a unique index refuses', async () => {
    const wrong = new Error('not allowed');
    const refuse = () => Promise.reject(wrong);
    await expect(world.collection.update(id, refuse, { describeChange })).rejects.toBe(wrong);
    const other = { _id: id.replace('0', 'f'), name: 'Other', nameKey: 'tour' };
    await expect(world.collection.insert(other, { describeChange })).rejects.toMatchObject({ index: 'nameKey' });
  });

  it('gives null for an update or a deletion of what is not there', async () => {
    const missing = 'f'.repeat(24);
    expect(await world.collection.update(missing, thing => thing, { describeChange })).toBeNull();
    expect(await world.collection.remove(missing, { describeChange })).toBeNull();
    expect(await world.collection.remove('x', { describeChange })).toBeNull();
  });

  it('loses no update when many come at once, from two processes', async () => {
    const [one, other] = [world.create(), world.create()];
    const fields = Array.from({ length: 40 }, (_, index) => `field${index}`);
    await Promise.all(
      fields.map((field, index) =>
        (index % 2 === 0 ? one : other).update(id, thing => ({ ...thing, [field]: index }), { describeChange }),
      ),
    );
    const stored = await world.collection.findById(id);
    expect(stored).toMatchObject({ version: 41, ...Object.fromEntries(fields.map((field, index) => [field, index])) });
  });

  it('takes all but the change from a deleted document, so that its unique keys are free at once', async () => {
    const outcome = await world.collection.remove(id, { describeChange });
    expect(outcome).toMatchObject({ before: { name: 'Tour' }, version: 2 });
    const [rest] = await world.things.find({});
    expect(Object.keys(rest ?? {}).sort()).toEqual(['_id', 'deleted', 'pendingChange', 'version']);
    expect(rest?.pendingChange).toMatchObject({ version: 2, content: { name: 'Tour', nameKey: 'tour' } });
    expect(await world.collection.findById(id)).toBeNull();
    expect(await world.collection.remove(id, { describeChange })).toBeNull();
    await world.collection.insert({ _id: 'f'.repeat(24), name: 'Tour', nameKey: 'tour' }, { describeChange });
  });

  it('does not give a second life to an id that is derived from an idempotency key', async () => {
    await world.collection.update(id, thing => ({ ...thing, name: 'Other' }), { describeChange });
    await world.things.deleteOne({ _id: id });
    const insert = world.collection.insert(
      { _id: id, name: 'Tour' },
      { describeChange: () => ({ ...describeChange(), idempotencyKey: 'k' }) },
    );
    await expect(insert).rejects.toMatchObject({ constructor: DuplicateKeyError, index: '_id' });
  });
});

describe('a write whose answer does not come', () => {
  const rename = (thing: Thing): Thing => ({ ...thing, name: 'Other' });

  async function prepare() {
    const world = setUp();
    await world.collection.insert({ _id: id, name: 'Tour' }, { describeChange });
    return world;
  }

  it.each(['before', 'after'] as const)('is done once, when it failed %s it was executed', async when => {
    const world = await prepare();
    const outcome = await world.create(failing(world.things, 'updateOne', when)).update(id, rename, { describeChange });
    expect(await world.things.findOne({ _id: id })).toEqual(outcome?.after);
    expect(outcome?.after).toMatchObject({ name: 'Other', version: 2 });
  });

  it('counts as done when others have changed the document since', async () => {
    const world = await prepare();
    const meanwhile = () =>
      world.collection.update(id, thing => ({ ...thing, date: { open: at } }), { describeChange });
    const faulty = world.create(failing(world.things, 'updateOne', 'after', { meanwhile }));
    const outcome = await faulty.update(id, rename, { describeChange });
    expect(outcome?.after).toMatchObject({ name: 'Other', version: 2 });
    expect(await world.collection.findById(id)).toMatchObject({ name: 'Other', date: { open: at }, version: 3 });
    expect(world.enqueued.map(({ change }) => change.version)).toEqual([1, 3, 2]);
  });

  it('is done again on the new version when it was not executed and others came first', async () => {
    const world = await prepare();
    const meanwhile = () =>
      world.collection.update(id, thing => ({ ...thing, date: { open: at } }), { describeChange });
    const faulty = world.create(failing(world.things, 'updateOne', 'before', { meanwhile }));
    const outcome = await faulty.update(id, rename, { describeChange });
    expect(outcome?.after).toMatchObject({ name: 'Other', date: { open: at }, version: 3 });
  });

  it('is not taken for lost while reads lag behind it', async () => {
    const world = await prepare();
    const stale = await world.things.findOne({ _id: id });
    const faulty = failing(world.things, 'updateOne', 'after');
    let lagging = 3;
    const findOne = async () => (lagging-- > 0 ? stale : world.things.findOne({ _id: id }));
    const count = (thing: Thing): Thing => ({ ...thing, name: `${thing.name}+1` });
    const outcome = await world.create({ ...faulty, findOne }).update(id, count, { describeChange });
    expect(outcome?.after).toMatchObject({ name: 'Tour+1', version: 2 });
    expect(await world.collection.findById(id)).toEqual(outcome?.after);
  });

  it('ends as a time-out that calls it undecided when the database stays away', async () => {
    const world = await prepare();
    const faulty = world.create(failing(world.things, 'updateOne', 'before', { times: Infinity }));
    const error = await faulty
      .update(id, rename, { describeChange, deadlineMs: 200 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as TimeoutError).message).toContain('undecided');
    expect((error as TimeoutError).cause).toBeInstanceOf(ServiceUnavailableError);
  });

  it('ends when the caller gives up', async () => {
    const world = await prepare();
    const controller = new AbortController();
    const meanwhile = async () => controller.abort();
    const faulty = world.create(failing(world.things, 'updateOne', 'before', { times: Infinity, meanwhile }));
    const update = faulty.update(id, rename, { describeChange, signal: controller.signal });
    await expect(update).rejects.toThrow('undecided');
  });

  it('is not begun when the deadline has passed, and says so', async () => {
    const world = await prepare();
    const update = world.collection.update(id, rename, { describeChange, signal: AbortSignal.abort() });
    await expect(update).rejects.toThrow('Nothing was written');
  });

  it.each(['before', 'after'] as const)('inserts one document, when it failed %s it was executed', async when => {
    const world = setUp();
    const faulty = world.create(failing(world.things, 'insertOne', when));
    const inserted = await faulty.insert({ _id: id, name: 'Tour', nameKey: 'tour' }, { describeChange });
    expect(await world.things.find({})).toEqual([inserted]);
  });

  it('does not bring back a document that it inserted and another writer deleted meanwhile', async () => {
    const world = setUp();
    const meanwhile = async () => {
      await world.collection.remove(id, { describeChange });
      await world.things.deleteOne({ _id: id });
    };
    const faulty = world.create(failing(world.things, 'insertOne', 'after', { meanwhile }));
    const inserted = await faulty.insert({ _id: id, name: 'Tour' }, { describeChange });
    expect(inserted).toMatchObject({ name: 'Tour', version: 1 });
    expect(await world.things.find({})).toEqual([]);
  });

  it('is refused when another document took its id or its unique key first', async () => {
    const world = setUp();
    const meanwhile = () =>
      world.collection.insert({ _id: 'f'.repeat(24), name: 'Tour', nameKey: 'tour' }, { describeChange });
    const faulty = world.create(failing(world.things, 'insertOne', 'before', { meanwhile }));
    const insert = faulty.insert({ _id: id, name: 'Tour', nameKey: 'tour' }, { describeChange });
    await expect(insert).rejects.toMatchObject({ constructor: DuplicateKeyError, index: 'nameKey' });
  });
});
