import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryCollection } from '../../../test/support/memory-collection.ts';
import {
  createInstance,
  createSource,
  createTarget,
  type TestInstance,
  type TestTarget,
} from '../../../test/support/deliveries.ts';
import { until } from '../../../test/support/until.ts';
import { spec as changesSpec, type ChangeRecord } from '../../datastore/changes.ts';
import { spec as locksSpec, type LockDocument } from '../../datastore/locks.ts';
import { type Effect } from '../effect.ts';

const broken = { error: new Error('status 500') };
const [a, b, c] = ['a', 'b', 'c'].map(letter => letter.repeat(24)) as [string, string, string];
const NAMES = ['kinesisCampaign', 'fastlyPurge'] as const;

describe('deliveries', () => {
  let collections: Parameters<typeof createInstance>[0];
  let kinesis: TestTarget;
  let fastly: TestTarget;
  const instances: TestInstance[] = [];
  const create = (
    effects: readonly Effect[] = [kinesis, fastly],
    options: Parameters<typeof createInstance>[2] = {},
  ): TestInstance => {
    const instance = createInstance(collections, effects, options);
    instances.push(instance);
    return instance;
  };
  const idle = async (instance: TestInstance): Promise<void> => {
    await instance.deliveries.poll();
    await instance.deliveries.idle();
  };
  const find = (changeId: string): Promise<ChangeRecord | null> => collections.changes.findOne({ _id: changeId });
  const versionsOf = (target: TestTarget, documentId: string): number[] =>
    target.arrived.filter(record => record.documentId === documentId).map(({ version }) => version);
  const isDone = async (): Promise<boolean> =>
    (await collections.changes.find({ 'pending.effect': { $in: [...NAMES] } })).length === 0;

  beforeEach(() => {
    collections = {
      changes: createMemoryCollection<ChangeRecord>(changesSpec),
      locks: createMemoryCollection<LockDocument>(locksSpec),
    };
    kinesis = createTarget('kinesisCampaign');
    fastly = createTarget('fastlyPurge');
  });
  afterEach(async () => {
    for (const { deliveries } of instances.splice(0)) await deliveries.stop();
  });

  it('follow a change at once, without a poll, and alter its pending list alone', async () => {
    const instance = create();
    await idle(instance);
    await instance.record(createSource(a, 1, NAMES));
    const before = await find(`${a}-1`);
    await instance.deliveries.idle();
    expect(versionsOf(kinesis, a)).toEqual([1]);
    expect(versionsOf(fastly, a)).toEqual([1]);
    expect(await find(`${a}-1`)).toEqual({ ...before, pending: [] });
  });

  it('that come one by one gather after the first, until a batch is full', async () => {
    kinesis = createTarget('kinesisCampaign', { batchSize: 2 });
    const instance = create([kinesis], { gatherMs: 3_600_000 });
    await idle(instance);
    for (const documentId of [a, b]) {
      await instance.record(createSource(documentId, 1, ['kinesisCampaign']));
      await instance.deliveries.idle();
      expect(kinesis.batches).toEqual([[`${a} 1`]]);
    }
    await instance.record(createSource(c, 1, ['kinesisCampaign']));
    await instance.deliveries.idle();
    expect(kinesis.batches).toEqual([[`${a} 1`], [`${b} 1`, `${c} 1`]]);
  });

  it('that gather go out when their time has come', async () => {
    const instance = create([kinesis], { gatherMs: 20 });
    await idle(instance);
    for (const documentId of [a, b, c]) await instance.record(createSource(documentId, 1, ['kinesisCampaign']));
    await until(isDone, done => done);
    expect(kinesis.arrived).toHaveLength(3);
  });

  it('of one document do not gather: there is but one of them in a batch', async () => {
    const instance = create([kinesis], { gatherMs: 3_600_000 });
    await idle(instance);
    await instance.record(createSource(a, 1, ['kinesisCampaign']));
    await instance.deliveries.idle();
    await instance.record(...[2, 3, 4].map(version => createSource(a, version, ['kinesisCampaign'])));
    await until(
      () => versionsOf(kinesis, a),
      versions => versions.includes(3),
    );
    expect(versionsOf(kinesis, a).slice(0, 3)).toEqual([1, 2, 3]);
  });

  it('belong to no request, whoever wrote', async () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    kinesis.judge = () => void seen.push(requests.getStore());
    const instance = create();
    await idle(instance);
    await requests.run('a request', () => instance.record(createSource(a, 1, NAMES)));
    await instance.deliveries.idle();
    expect(seen).toEqual([undefined]);
  });

  it('come in batches with one change of a document at most, each once, in order', async () => {
    const instance = create([
      createTarget('fastlyPurge', { batchSize: 3, perform: (...args) => kinesis.perform(...args) }),
    ]);
    const sources = [1, 2, 3, 4].flatMap(version => [a, b, c].map(id => createSource(id, version, ['fastlyPurge'])));
    await instance.record(...sources);
    await idle(instance);
    for (const batch of kinesis.batches) {
      expect(batch.length).toBeLessThanOrEqual(3);
      expect(new Set(batch.map(one => one.split(' ')[0])).size).toBe(batch.length);
    }
    for (const id of [a, b, c]) expect(versionsOf(kinesis, id)).toEqual([1, 2, 3, 4]);
    await idle(instance);
    expect(kinesis.arrived).toHaveLength(12);
  });

  it('are not held up by another effect that fails', async () => {
    kinesis.judge = () => broken;
    const instance = create();
    await instance.record(createSource(a, 1, NAMES), createSource(a, 2, NAMES));
    await idle(instance);
    expect(versionsOf(fastly, a)).toEqual([1, 2]);
    expect((await find(`${a}-1`))?.pending).toMatchObject([{ effect: 'kinesisCampaign' }]);
  });

  it('hold back the later changes of a document whose change fails, and no other document', async () => {
    kinesis.judge = ({ documentId }) => (documentId === a ? broken : undefined);
    const instance = create([{ ...kinesis, backoff: { baseMs: 1e6, maxMs: 1e6 } }]);
    await instance.record(...[1, 2].flatMap(version => [a, b].map(id => createSource(id, version, NAMES))));
    await idle(instance);
    expect(versionsOf(kinesis, b)).toEqual([1, 2]);
    expect(kinesis.batches.flat().filter(one => one === `${a} 2`)).toEqual([]);
    // The later one is due no earlier than the one before it, so that polls do not find it again and again.
    const [first, second] = await Promise.all([find(`${a}-1`), find(`${a}-2`)]);
    expect(first?.pending).toMatchObject([{ attempts: 1, lastError: 'Error: status 500' }]);
    expect(second?.pending[0]?.attempts).toBe(0);
    expect(second?.pending[0]?.dueAt).toEqual(first?.pending[0]?.dueAt);
  });

  it('are tried again until they are dead, and then let the next change pass', async () => {
    kinesis.judge = ({ documentId, version }) => (documentId === a && version === 1 ? broken : undefined);
    const instance = create([kinesis]);
    instance.deliveries.start();
    await instance.record(...[1, 2].flatMap(version => [a, b].map(id => createSource(id, version, NAMES))));
    await until(isDone, done => done);
    expect(versionsOf(kinesis, a)).toEqual([2]);
    expect((await find(`${a}-1`))?.dead).toMatchObject([
      { effect: 'kinesisCampaign', attempts: 5, lastError: 'Error: status 500' },
    ]);
  });

  it('are dead at once when the target refuses the very change, which says nothing against the target', async () => {
    const secret = new Error(`refused for Bearer abc.def.ghi ${'x'.repeat(2000)}`);
    kinesis.judge = () => ({ error: secret, isFinal: true });
    const instance = create([kinesis]);
    await instance.record(...[1, 2, 3, 4, 5].map(version => createSource(a, version, NAMES)));
    await idle(instance);
    expect(kinesis.batches).toHaveLength(5);
    expect(instance.deliveries.circuitOf('kinesisCampaign')).toBe('closed');
    const [dead] = (await find(`${a}-1`))?.dead ?? [];
    expect(dead).toMatchObject({ attempts: 1 });
    expect(dead?.lastError).toContain('Bearer [redacted]');
    expect(dead?.lastError.length).toBe(500);
  });

  it('leave a target alone that is down, try it with one change, and count nothing of it as an attempt', async () => {
    kinesis.judge = () => Promise.reject(new Error('connection refused'));
    const instance = create([{ ...kinesis, attempts: 4 }], { maxInFlight: 1 });
    instance.deliveries.start();
    await instance.record(
      ...Array.from({ length: 30 }, (_none, at) => createSource(at.toString(16).padStart(24, '0'), 1, NAMES)),
    );
    await until(
      () => kinesis.batches.length,
      count => count >= 30,
    );
    // Three failures opened the circuit; since then it was one change at a time.
    expect(kinesis.batches.slice(3).filter(({ length }) => length !== 1)).toEqual([]);
    const records = await collections.changes.find({});
    expect(records.flatMap(({ dead = [] }) => dead)).toEqual([]);
    expect(Math.max(...records.flatMap(({ pending }) => pending.map(({ attempts }) => attempts)))).toBeLessThanOrEqual(
      3,
    );
    kinesis.judge = () => undefined;
    await until(isDone, done => done);
    expect(kinesis.arrived).toHaveLength(30);
    expect(instance.deliveries.circuitOf('kinesisCampaign')).toBe('closed');
  });

  it('wait as long as the target asks', async () => {
    kinesis.judge = () => ({ ...broken, retryAfterMs: 90_000 });
    const instance = create([kinesis]);
    const begun = Date.now();
    await instance.record(createSource(a, 1, NAMES));
    await idle(instance);
    expect((await find(`${a}-1`))?.pending[0]?.dueAt.getTime()).toBeGreaterThanOrEqual(begun + 90_000);
  });

  it('end a batch that takes too long, and try it again', async () => {
    const signals: AbortSignal[] = [];
    kinesis.judge = (_record, signal) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise(() => undefined) : undefined;
    };
    const instance = create([kinesis], { timeoutMs: 20 });
    instance.deliveries.start();
    await instance.record(createSource(a, 1, NAMES));
    await until(isDone, done => done);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('isolate a change that makes whole batches fail', async () => {
    kinesis.judge = ({ documentId }) => (documentId === a ? Promise.reject(new Error('poison')) : undefined);
    // Without waits all of them would travel together for ever.
    const effect = { ...kinesis, attempts: 8, backoff: { baseMs: 0, maxMs: 0 } };
    const instance = create([effect], { circuit: { failures: 100, openMs: 1, maxOpenMs: 1 } });
    instance.deliveries.start();
    await instance.record(...[a, b, c].map(id => createSource(id, 1, NAMES)));
    await until(isDone, done => done);
    const dead = await collections.changes.find({ 'dead.effect': 'kinesisCampaign' });
    expect(dead).toMatchObject([{ documentId: a, dead: [{ attempts: 8 }] }]);
    expect([versionsOf(kinesis, b), versionsOf(kinesis, c)]).toEqual([[1], [1]]);
  });

  it('take a target for down that takes nothing of a batch, though it answers', async () => {
    kinesis.judge = () => broken;
    const instance = create([{ ...kinesis, attempts: 1000 }], {
      circuit: { failures: 3, openMs: 1e6, maxOpenMs: 1e6 },
    });
    instance.deliveries.start();
    await instance.record(createSource(a, 1, NAMES));
    await until(
      () => instance.deliveries.circuitOf('kinesisCampaign'),
      state => state === 'open',
    );
    expect(kinesis.batches).toHaveLength(3);
  });

  it('do not gather in memory while a target hangs', async () => {
    const found = new Set<string>();
    const { changes } = collections;
    collections = {
      ...collections,
      changes: {
        ...changes,
        find: async (filter, options) => {
          const records = await changes.find(filter, options);
          if (filter['pending'] !== undefined) for (const { _id } of records) found.add(_id);
          return records;
        },
      },
    };
    const hanging: (() => void)[] = [];
    kinesis.judge = () => new Promise<undefined>(resolve => void hanging.push(() => resolve(undefined)));
    const instance = create([kinesis], { maxWaiting: 20 });
    await idle(instance);
    const ids = Array.from({ length: 200 }, (_none, at) => at.toString(16).padStart(24, '0'));
    for (const id of ids) await instance.record(createSource(id, 1, NAMES));
    await until(
      () => hanging.length,
      count => count > 0,
    );
    kinesis.judge = () => undefined;
    for (const release of hanging) release();
    instance.deliveries.start();
    await until(isDone, done => done);
    expect(new Set(kinesis.arrived.map(({ documentId }) => documentId)).size).toBe(200);
    expect(kinesis.arrived).toHaveLength(200);
    // All but those that had room in memory came from the database.
    expect(found.size).toBeGreaterThanOrEqual(200 - 20);
  });

  it('keep a long backlog in the database, and work it off in order', async () => {
    const limits: number[] = [];
    const { changes } = collections;
    collections = {
      ...collections,
      changes: {
        ...changes,
        find: async (filter, options) => {
          if (filter['pending'] !== undefined) limits.push(options?.limit ?? Infinity);
          return changes.find(filter, options);
        },
      },
    };
    const instance = create([kinesis], { maxWaiting: 20 });
    for (let version = 1; version <= 40; version += 1) {
      await instance.record(...[a, b, c].map(id => createSource(id, version, NAMES, new Date(version))));
    }
    instance.deliveries.start();
    await until(isDone, done => done);
    for (const id of [a, b, c])
      expect(versionsOf(kinesis, id)).toEqual(Array.from({ length: 40 }, (_none, at) => at + 1));
    expect(Math.max(...limits)).toBeLessThanOrEqual(60);
  });

  it('wait for an older change that another instance recorded and nobody told of', async () => {
    const holder = create();
    const other = create();
    await idle(holder);
    await other.record(createSource(a, 1, NAMES));
    await holder.record(createSource(a, 2, NAMES));
    await holder.deliveries.idle();
    expect(versionsOf(kinesis, a)).toEqual([1, 2]);
  });

  it('are left to the instance that holds the lease, and taken over when it ends', async () => {
    const time = { now: Date.now() };
    const clock = (): Date => new Date(time.now);
    const [first, second] = [
      create([kinesis], { clock }),
      create([fastly, { ...fastly, name: 'kinesisCampaign' }], { clock }),
    ];
    await idle(first);
    await idle(second);
    await second.record(createSource(a, 1, ['kinesisCampaign'], clock()));
    await second.deliveries.idle();
    expect([kinesis.arrived.length, fastly.arrived.length]).toEqual([0, 0]);
    await idle(first);
    expect([kinesis.arrived.length, fastly.arrived.length]).toEqual([1, 0]);

    await first.record(createSource(a, 2, ['kinesisCampaign'], clock()));
    await first.deliveries.idle();
    time.now += 50_000;
    // Too little is left of the lease to begin anything.
    await first.record(createSource(a, 3, ['kinesisCampaign'], clock()));
    await first.deliveries.idle();
    expect(versionsOf(kinesis, a)).toEqual([1, 2]);
    time.now += 11_000;
    await idle(second);
    expect(versionsOf(fastly, a)).toEqual([3]);
  });

  it('end what is being sent before the lease ends', async () => {
    const signals: AbortSignal[] = [];
    kinesis.judge = (_record, signal) => (signals.push(signal), new Promise(() => undefined));
    const instance = create([kinesis], { leaseMs: 50 });
    await instance.deliveries.poll();
    await instance.record(createSource(a, 1, NAMES));
    await until(
      () => signals[0]?.aborted,
      aborted => aborted === true,
    );
    await instance.deliveries.idle();
    // Nobody knows whether it arrived: that is for the next term to find out.
    expect((await find(`${a}-1`))?.pending).toMatchObject([{ attempts: 0 }]);
  });

  it('finish what is under way at a stop, and leave the rest', async () => {
    let release: (() => void) | undefined;
    kinesis.judge = ({ version }) =>
      version === 1 ? new Promise<undefined>(resolve => void (release = () => resolve(undefined))) : undefined;
    const instance = create([kinesis]);
    await idle(instance);
    await instance.record(createSource(a, 1, NAMES), createSource(a, 2, NAMES));
    await until(
      () => release,
      found => found !== undefined,
    );
    const stopped = instance.deliveries.stop();
    release?.();
    await stopped;
    expect((await find(`${a}-1`))?.pending).toEqual([]);
    expect((await find(`${a}-2`))?.pending).toMatchObject([{ attempts: 0 }]);
    const next = create([kinesis]);
    await idle(next);
    expect(versionsOf(kinesis, a)).toEqual([1, 2]);
  });

  it('of an effect that was switched off wait without holding up anything', async () => {
    const before = create();
    kinesis.judge = () => broken;
    await before.record(createSource(a, 1, NAMES));
    const after = create([fastly]);
    await idle(after);
    await after.record(createSource(a, 2, NAMES));
    await idle(after);
    expect(versionsOf(fastly, a)).toEqual([1, 2]);
    expect((await find(`${a}-1`))?.pending).toMatchObject([{ effect: 'kinesisCampaign', attempts: 0 }]);
    expect((await find(`${a}-2`))?.effects).toEqual(['fastlyPurge']);
    expect([after.deliveries.isEnabled('kinesisCampaign'), after.deliveries.circuitOf('kinesisCampaign')]).toEqual([
      false,
      undefined,
    ]);
  });
});
