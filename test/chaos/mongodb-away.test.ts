import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection } from '../../app/datastore/store/collection.ts';
import { openMongodbStore } from '../../app/datastore/store/mongodb/mongodb-store.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { describeStartedServer, MONGODB_TEST_TIMEOUTS, type StoreOnStartedServer } from '../support/stores.ts';

interface Thing {
  readonly _id: string;
  readonly n: number;
}

const OPERATIONS: readonly (readonly [string, (things: Collection<Thing>) => Promise<unknown>])[] = [
  ['findOne', things => things.findOne({ _id: 'a' })],
  ['find', things => things.find({})],
  ['countDocuments', things => things.countDocuments({})],
  ['distinct', things => things.distinct('n')],
  ['insertOne', things => things.insertOne({ _id: 'b', n: 1 })],
  ['updateOne', things => things.updateOne({ _id: 'a' }, { $set: { n: 2 } })],
  ['updateMany', things => things.updateMany({}, { $set: { n: 2 } })],
  ['findOneAndUpdate', things => things.findOneAndUpdate({ _id: 'a' }, { $set: { n: 2 } })],
  ['deleteOne', things => things.deleteOne({ _id: 'b' })],
  ['deleteMany', things => things.deleteMany({ n: 9 })],
  [
    'bulkWrite',
    things =>
      things.bulkWrite([{ insertOne: { document: { _id: 'c', n: 1 } } }, { deleteOne: { filter: { _id: 'c' } } }]),
  ],
  ['createIndexes', things => things.createIndexes()],
  ['missingIndexes', things => things.missingIndexes()],
];

describeStartedServer('a store whose server goes away', open => {
  let opened: StoreOnStartedServer;
  let things: Collection<Thing>;

  beforeAll(async () => {
    opened = await open();
    things = opened.store.collection<Thing>({ name: 'things', ids: [], indexes: [{ name: 'n', key: { n: 1 } }] });
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    await things.deleteMany({});
    await things.insertOne({ _id: 'a', n: 1 });
  });

  const failAll = (): Promise<unknown[]> =>
    Promise.all(OPERATIONS.map(([, operate]) => operate(things).catch((error: unknown) => error)));

  it('fails every operation while the server is dead, and works again by itself once it is back', async () => {
    await opened.kill();
    try {
      // The first ones find broken connections, the second ones wait for a server in vain.
      for (const errors of [await failAll(), await failAll()]) {
        for (const [at, error] of errors.entries()) {
          expect([OPERATIONS[at]?.[0], error]).toEqual([OPERATIONS[at]?.[0], expect.any(ServiceUnavailableError)]);
        }
      }
      await expect(opened.store.ping()).rejects.toBeInstanceOf(ServiceUnavailableError);
    } finally {
      await opened.restart();
    }
    await opened.store.ping();
    expect(await things.find({})).toEqual([{ _id: 'a', n: 1 }]);
    for (const [, operate] of OPERATIONS) await operate(things);
  });

  it('is not opened while the server is dead, and says in the log when the server goes and comes', async () => {
    const uri = `mongodb://${opened.store.location}`;
    const said: string[] = [];
    const log = {
      info: (_: object, message: string) => said.push(message),
      warn: (_: object, message: string) => said.push(message),
    };
    const watched = await openMongodbStore({ uri, ...MONGODB_TEST_TIMEOUTS, log });
    try {
      await opened.kill();
      await expect(openMongodbStore({ uri, ...MONGODB_TEST_TIMEOUTS })).rejects.toBeInstanceOf(ServiceUnavailableError);
      await expect(watched.ping()).rejects.toBeInstanceOf(ServiceUnavailableError);
      await until(() => said.length === 1);
      expect(said).toEqual(['A MongoDB server is away.']);
      await opened.restart();
      await watched.ping();
      await until(() => said.length === 2);
      expect(said).toEqual(['A MongoDB server is away.', 'A MongoDB server answers.']);
      const reopened = await openMongodbStore({ uri, ...MONGODB_TEST_TIMEOUTS });
      await reopened.close();
    } finally {
      await watched.close();
      await opened.restart();
    }
  });

  it('fails operations that are under way when the server dies', async () => {
    const underWay = Promise.allSettled(Array.from({ length: 200 }, (_, n) => things.insertOne({ _id: `n${n}`, n })));
    await opened.kill();
    const results = await underWay.finally(opened.restart);
    const failures = results.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(failures).not.toEqual([]);
    for (const error of failures) expect(error).toBeInstanceOf(ServiceUnavailableError);
    const stored = new Set((await things.find({ _id: { $ne: 'a' } })).map(({ n }) => n));
    for (const [n, { status }] of results.entries()) if (status === 'fulfilled') expect(stored).toContain(n);
  });

  it('gives a bulk up as a whole when the server dies under it', async () => {
    const documents = Array.from({ length: 2000 }, (_, n) => ({ _id: `n${n}`, n }));
    const bulk = things
      .bulkWrite(documents.map(document => ({ insertOne: { document } })))
      .catch((error: unknown) => error);
    await opened.kill();
    const outcome = await bulk.finally(opened.restart);
    expect(outcome).toBeInstanceOf(ServiceUnavailableError);
  });

  it('fails operations when the server accepts them and says nothing, and works again once it speaks', async () => {
    await opened.pause();
    try {
      for (const error of await failAll()) expect(error).toBeInstanceOf(ServiceUnavailableError);
    } finally {
      opened.resume();
    }
    await untilItAnswers(opened);
    expect(await things.findOne({ _id: 'a' })).not.toBeNull();
  });
});

/** A server that was paused may first answer what nobody waits for any more. */
const untilItAnswers = ({ store }: StoreOnStartedServer): Promise<void> =>
  until(() =>
    store.ping().then(
      () => true,
      () => false,
    ),
  );

/** Waits until the condition holds, ten seconds at most; what is asserted next says what is missing. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100 && !(await condition()); attempt += 1) await sleep(100);
}
