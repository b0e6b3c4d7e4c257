import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  createInstance,
  createSource,
  createTarget,
  openDeliveryCollections,
  type TestTarget,
} from '../support/deliveries.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const NAMES = ['kinesisCampaign', 'fastlyPurge'] as const;
const createId = (): string => randomUUID().replaceAll('-', '').slice(0, 24);

describeStores('deliveries', target => {
  let open: OpenStore;
  let collections: Parameters<typeof createInstance>[0];
  beforeAll(async () => {
    open = await target.open();
    collections = await openDeliveryCollections(open.store);
  });
  afterAll(() => open.close());
  beforeEach(async () => {
    await collections.changes.deleteMany({});
    await collections.locks.deleteMany({});
  });

  const countPending = async (): Promise<number> =>
    (await collections.changes.find({ 'pending.effect': { $in: [...NAMES] } })).length;
  const versionsOf = ({ arrived }: TestTarget, documentId: string): number[] =>
    arrived.filter(record => record.documentId === documentId).map(({ version }) => version);

  it('of two instances that write at once come once each and in order, whatever records fail', async () => {
    const [kinesis, fastly] = [createTarget('kinesisCampaign'), createTarget('fastlyPurge')];
    let asked = 0;
    kinesis.judge = () => ((asked += 1) % 4 === 0 ? { error: new Error('throttled') } : undefined);
    const patient = { ...kinesis, attempts: 1000 };
    const instances = [0, 1].map(() => createInstance(collections, [patient, fastly], { maxWaiting: 30 }));
    const instanceOf = (turn: number) => instances[turn % 2] as (typeof instances)[number];
    for (const { deliveries } of instances) deliveries.start();
    const ids = Array.from({ length: 10 }, createId);
    for (let version = 1; version <= 20; version += 1) {
      await Promise.all(ids.map((id, at) => instanceOf(at + version).record(createSource(id, version, NAMES))));
    }
    await until(countPending, count => count === 0);
    await Promise.all(instances.map(({ deliveries }) => deliveries.stop()));
    const versions = Array.from({ length: 20 }, (_none, at) => at + 1);
    for (const id of ids) {
      expect(versionsOf(kinesis, id)).toEqual(versions);
      expect(versionsOf(fastly, id)).toEqual(versions);
    }
  });

  it('are taken over from an instance that does not come back', async () => {
    const lost = createTarget('kinesisCampaign');
    lost.judge = () => new Promise(() => undefined);
    const kinesis = createTarget('kinesisCampaign');
    const time = { ms: 0 };
    const clock = (): Date => new Date(Date.now() + time.ms);
    const first = createInstance(collections, [lost], { clock });
    await first.deliveries.poll();
    const id = createId();
    await first.record(createSource(id, 1, NAMES), createSource(id, 2, NAMES));
    await until(
      () => lost.batches.length,
      count => count === 1,
    );
    time.ms = 60_000;
    const second = createInstance(collections, [kinesis], { clock });
    second.deliveries.start();
    await until(countPending, count => count === 0);
    await second.deliveries.stop();
    expect(versionsOf(kinesis, id)).toEqual([1, 2]);
  });

  it('that are dead are counted, shown and redriven by effect and by change', async () => {
    const kinesis = createTarget('kinesisCampaign');
    const fastly = createTarget('fastlyPurge');
    const refusal = { error: new Error('no'), isFinal: true };
    kinesis.judge = fastly.judge = () => refusal;
    const { deliveries, datastore, record } = createInstance(collections, [kinesis, fastly]);
    const id = createId();
    await record(...[1, 2, 3].map(version => createSource(id, version, NAMES, new Date(version))));
    await deliveries.poll();
    await until(
      async () =>
        (await datastore.summarize('fastlyPurge', new Date())).dead +
        (await datastore.summarize('kinesisCampaign', new Date())).dead,
      dead => dead === 6,
    );
    expect(await datastore.summarize('fastlyPurge', new Date())).toEqual({
      pending: 0,
      due: 0,
      dead: 3,
      oldestAt: null,
    });
    const page = await datastore.findDead({ effects: ['fastlyPurge'] }, { page: 0, pageSize: 2 });
    expect([page.total, page.rows.map(({ version }) => version)]).toEqual([3, [3, 2]]);
    expect(page.rows[0]).not.toHaveProperty('diff');

    await deliveries.stop();
    const now = new Date();
    expect(await datastore.redrive({ effects: ['fastlyPurge'], changeIds: [`${id}-1`, 'unknown'] }, now)).toBe(1);
    expect(await datastore.summarize('fastlyPurge', now)).toEqual({
      pending: 1,
      due: 1,
      dead: 2,
      oldestAt: new Date(1),
    });
    expect(await datastore.redrive({ effects: NAMES }, now)).toBe(5);
    expect(await datastore.redrive({ effects: NAMES }, now)).toBe(0);
    const again = createInstance(collections, [createTarget('kinesisCampaign'), createTarget('fastlyPurge')]);
    again.deliveries.start();
    await until(countPending, count => count === 0);
    await again.deliveries.stop();
    expect(await collections.changes.find({ 'dead.effect': { $in: [...NAMES] } })).toEqual([]);
  });

  it('are written down each at its place, whatever others take from the list meanwhile', async () => {
    const { datastore, record } = createInstance(collections, [
      createTarget('kinesisCampaign'),
      createTarget('fastlyPurge'),
    ]);
    const id = createId();
    await record(createSource(id, 1, NAMES));
    const before = await collections.changes.findOne({ _id: `${id}-1` });
    if (before === null) throw new Error('The change is not recorded.');
    await datastore.complete([{ changeId: before._id, effect: 'kinesisCampaign' }]);
    const next = { effect: 'fastlyPurge', attempts: 1, dueAt: new Date(99), lastError: 'e' } as const;
    await datastore.reschedule([{ record: before, attempts: 0, next }]);
    expect((await collections.changes.findOne({ _id: before._id }))?.pending).toEqual([next]);
    // Whoever comes with older knowledge changes nothing.
    await datastore.reschedule([{ record: before, attempts: 0, next: { ...next, dueAt: new Date(5) } }]);
    await datastore.bury([
      {
        changeId: before._id,
        attempts: 0,
        dead: { effect: 'fastlyPurge', attempts: 1, at: new Date(), lastError: 'e' },
      },
    ]);
    expect(await collections.changes.findOne({ _id: before._id })).toMatchObject({ pending: [next] });
    expect(await collections.changes.findOne({ _id: before._id })).not.toHaveProperty('dead');
  });

  it('are looked for in indexes that hold the outbox and the dead letters alone', async () => {
    if (!open.capabilities.explains) return;
    const { record, datastore } = createInstance(collections, [createTarget('fastlyPurge')]);
    const ids = Array.from({ length: 50 }, createId);
    await record(...ids.map(id => createSource(id, 1, ['fastlyPurge'])));
    await datastore.complete(ids.slice(5).map(id => ({ changeId: `${id}-1`, effect: 'fastlyPurge' })));
    const { changes } = collections;
    const due = { pending: { $elemMatch: { effect: 'fastlyPurge', dueAt: { $lte: new Date() } } } };
    expect(await changes.explain(due, { limit: 10 })).toMatchObject({ index: 'pending', examined: 5 });
    const dead = { dead: { $elemMatch: { effect: { $in: NAMES } } } };
    expect(await changes.explain(dead)).toMatchObject({ index: 'dead', examined: 0 });
    const predecessor = { documentId: ids[0], version: { $gt: 0, $lt: 2 }, effects: 'fastlyPurge' };
    expect(await changes.explain(predecessor, { sort: { version: -1 }, limit: 1 })).toMatchObject({
      index: 'documentId_version',
      sortedByIndex: true,
    });
  });
});
