import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection } from '../../app/datastore/store/collection.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { describeStartedServer } from '../support/stores.ts';

interface Entry {
  readonly _id: string;
  readonly writer: number;
}

interface Counter {
  readonly _id: string;
  readonly version: number;
  readonly marks: readonly string[];
}

const WRITERS = 6;
const CRASHES = 3;
/** How many writes are acknowledged before each crash and after the last. */
const WRITES_BETWEEN = 60;
const ATTEMPTS_TO_READ = 50;
const COUNTER = 'counter';

describeStartedServer('acknowledged writes', open => {
  it('survive three crashes of the server, and undecided ones are decided by reading', async () => {
    const { store, kill, restart, close } = await open();
    const entries = store.collection<Entry>({ name: 'entries', ids: [], indexes: [] });
    const counters = store.collection<Counter>({ name: 'counters', ids: [], indexes: [] });
    await counters.insertOne({ _id: COUNTER, version: 0, marks: [] });

    const inserted: string[] = [];
    const counted: string[] = [];
    const absent: string[] = [];
    const undecided: string[] = [];
    let isOver = false;

    const write = async (writer: number): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const mark = `${writer}-${n}`;
        const insert = () => entries.insertOne({ _id: mark, writer }).then(() => true);
        const isInserted = () => entries.findOne({ _id: mark }).then(entry => entry !== null);
        ((await decide(insert, isInserted, () => undecided.push(mark))) ? inserted : absent).push(mark);

        const count = () => countGuarded(counters, mark);
        const isCounted = () => counters.findOne({ _id: COUNTER, marks: mark }).then(counter => counter !== null);
        if (await decide(count, isCounted, () => undecided.push(mark))) counted.push(mark);
      }
    };

    const writers = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    const failed = writers.then(() => false);
    try {
      for (let crash = 0; crash < CRASHES; crash += 1) {
        await Promise.race([untilLongerThan(inserted, inserted.length + WRITES_BETWEEN), failed]);
        await kill();
        await sleep(200);
        await restart();
      }
      await Promise.race([untilLongerThan(inserted, inserted.length + WRITES_BETWEEN), failed]);
    } finally {
      isOver = true;
    }
    await writers;

    // The crashes hit writes that were under way.
    expect(undecided).not.toEqual([]);
    const stored = (await entries.find({})).map(({ _id }) => _id);
    expect(stored.sort()).toEqual([...inserted].sort());
    expect(stored.filter(mark => absent.includes(mark))).toEqual([]);
    const counter = await counters.findOne({ _id: COUNTER });
    expect([...(counter?.marks ?? [])].sort()).toEqual([...counted].sort());
    expect(counter?.version).toBe(counted.length);
    await close();
  }, 120_000);
});

/** Whether a write was done: as it says itself or, when it is undecided, as a read says once the server is back. */
async function decide(
  write: () => Promise<boolean>,
  isDone: () => Promise<boolean>,
  onUndecided: () => void,
): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ServiceUnavailableError)) throw error;
    onUndecided();
  }
  for (let attempt = 0; attempt < ATTEMPTS_TO_READ; attempt += 1) {
    try {
      return await isDone();
    } catch (error) {
      if (!(error instanceof ServiceUnavailableError)) throw error;
      await sleep(50);
    }
  }
  return isDone();
}

/** One guarded update of the counter that all writers share; false when another writer was faster. */
async function countGuarded(counters: Collection<Counter>, mark: string): Promise<boolean> {
  const current = await counters.findOne({ _id: COUNTER });
  const guard = { _id: COUNTER, version: current?.version };
  return (await counters.findOneAndUpdate(guard, { $inc: { version: 1 }, $push: { marks: mark } })) !== null;
}

async function untilLongerThan(list: readonly unknown[], length: number): Promise<void> {
  while (list.length < length) await sleep(5);
}
