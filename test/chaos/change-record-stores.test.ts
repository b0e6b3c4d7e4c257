import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createChanges, spec as changesSpec, type ChangeRecord } from '../../app/datastore/changes.ts';
import { createLocks, spec as locksSpec, type LockDocument } from '../../app/datastore/locks.ts';
import { type CollectionSpec } from '../../app/datastore/store/collection.ts';
import {
  createVersionedCollection,
  pendingChangeIndex,
  type VersionedDocument,
} from '../../app/datastore/versioned.ts';
import { createDispatcher } from '../../app/hooks/dispatcher.ts';
import { createSweep } from '../../app/workers/sweep.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';

interface Thing extends VersionedDocument {
  readonly name: string;
  readonly nameKey?: string;
  readonly [field: string]: unknown;
}

const spec: CollectionSpec = {
  name: 'things',
  ids: ['_id'],
  indexes: [{ name: 'nameKey', key: { nameKey: 1 }, unique: true, sparse: true }, pendingChangeIndex],
};

const describeChange = () =>
  ({ cause: 'campaign.updated', effects: ['fastlyPurge'], by: 'user-1', correlation: 'c1' }) as const;

const createId = (): string => randomUUID().replaceAll('-', '').slice(0, 24);

describeStores('the change record', target => {
  let open: OpenStore;

  beforeAll(async () => {
    open = await target.open();
    for (const one of [spec, changesSpec, locksSpec]) await open.store.collection(one).createIndexes();
  });
  afterAll(() => open.close());

  /** A process: its own queue of writers and its own dispatcher, over the shared store. */
  function createProcess() {
    const collection = open.store.collection<Thing>(spec);
    const changes = createChanges({ collection: open.store.collection<ChangeRecord>(changesSpec) });
    const clock = (): Date => new Date();
    const collections = new Map([['things', collection]]);
    const log = { warn: () => undefined, error: () => undefined };
    const dispatcher = createDispatcher({ collections, changes, clock, log, tombstoneMs: 0 });
    const things = createVersionedCollection<Thing>({ collection, changes, outbox: dispatcher, clock });
    const sweep = createSweep({ collections, outbox: dispatcher, clock, log, intervalMs: 1000, minAgeMs: 0 });
    return { collection, changes, things, dispatcher, sweep };
  }

  it('loses none of 50 updates of one document at once from two processes', async () => {
    const [one, other] = [createProcess(), createProcess()];
    const id = createId();
    await one.things.insert({ _id: id, name: 'Tour' }, { describeChange });
    const fields = Array.from({ length: 50 }, (_, index) => `field${index}`);
    const outcomes = await Promise.all(
      fields.map((field, index) =>
        (index % 2 === 0 ? one : other).things.update(id, thing => ({ ...thing, [field]: index }), { describeChange }),
      ),
    );
    await Promise.all([one.dispatcher.drain(), other.dispatcher.drain()]);
    const stored = await one.collection.findOne({ _id: id });
    expect(stored).toMatchObject({ version: 51, ...Object.fromEntries(fields.map((field, index) => [field, index])) });
    expect(stored).not.toHaveProperty('pendingChange');
    const history = await one.changes.findByDocument(id, { page: 0, pageSize: 100 });
    expect(history.rows.map(record => record.version)).toEqual(Array.from({ length: 51 }, (_, index) => 51 - index));
    const written = outcomes.map(outcome => outcome?.changeId);
    expect(written.every(changeId => history.rows.some(record => record._id === changeId))).toBe(true);
  });

  it('holds a whole life, and frees the unique keys and the document at its end', async () => {
    const { collection, changes, things, dispatcher } = createProcess();
    const id = createId();
    await things.insert({ _id: id, name: 'Life', nameKey: 'life', opens: new Date(5) }, { describeChange });
    const same = await things.update(id, thing => ({ ...thing, opens: new Date(5) }), { describeChange });
    expect(same?.after.version).toBe(1);
    await things.update(id, ({ opens: _, ...thing }) => ({ ...thing, name: 'Later' }), { describeChange });
    const removed = await things.remove(id, { describeChange });
    await things.insert({ _id: createId(), name: 'Life', nameKey: 'life' }, { describeChange });
    await dispatcher.drain();
    expect(await collection.findOne({ _id: id })).toBeNull();
    expect((await changes.findByDocument(id, { page: 0, pageSize: 10 })).rows).toMatchObject([
      { version: 3, _id: removed?.changeId, content: { name: 'Later', nameKey: 'life' } },
      { version: 2, diff: { before: { name: 'Life', opens: new Date(5) }, after: { name: 'Later', opens: null } } },
      { version: 1, documentId: id, pending: [{ effect: 'fastlyPurge', attempts: 0 }] },
    ]);
  });

  it('is completed by the sweep of another process when the writer did not live to dispatch', async () => {
    const [writer, other] = [createProcess(), createProcess()];
    const lost = { enqueue: () => undefined, ensureRecorded: () => Promise.reject(new Error('dead')) };
    const { collection, changes } = writer;
    const things = createVersionedCollection<Thing>({ collection, changes, outbox: lost, clock: () => new Date() });
    const id = createId();
    const inserted = await things.insert({ _id: id, name: 'Left over' }, { describeChange });
    expect(await other.sweep.run()).toBeGreaterThanOrEqual(1);
    await other.dispatcher.drain();
    expect(await collection.findOne({ _id: id })).toEqual({ _id: id, name: 'Left over', version: 1 });
    expect(await changes.findOne(inserted.pendingChange?.id ?? '')).toMatchObject({ documentId: id, version: 1 });
    expect(await other.sweep.run()).toBe(0);
  });

  it('gives a lease to one of many contenders, and to the next when it has expired', async () => {
    const time = { now: Date.now() };
    const clock = (): Date => new Date(time.now);
    const locks = createLocks({ collection: open.store.collection<LockDocument>(locksSpec), clock });
    const contend = () => Promise.all(['a', 'b', 'c', 'd'].map(owner => locks.acquire('refresh', owner, 1000)));
    const [first, ...others] = (await contend()).filter(lease => lease !== null);
    expect([first?.token, others]).toEqual([1, []]);
    time.now += 1000;
    expect(first && (await locks.renew(first, 1000))).toBeNull();
    expect((await contend()).filter(lease => lease !== null)).toMatchObject([{ token: 2 }]);
  });
});
