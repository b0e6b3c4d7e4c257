import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { type CollectionSpec, type Store } from '../collection.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { type Document } from './values.ts';

const STORE = pathToFileURL(path.join(import.meta.dirname, 'embedded-store.ts')).href;

const SPEC: CollectionSpec = {
  name: 'things',
  ids: [],
  indexes: [
    { name: 'n', key: { n: 1 } },
    { name: 'tags', key: { tags: 1 } },
    { name: 'slug', key: { slug: 1 }, unique: true, sparse: true },
  ],
};

/**
 * Twenty writers that insert, update and delete until the process is killed; each line says what was acknowledged:
 * the document's id and the least `n` that it must have from then on, -1 once it is deleted.
 */
const PROGRAM = `
  import { openEmbeddedStore } from ${JSON.stringify(STORE)};
  const [directory, round] = process.argv.slice(1);
  const store = await openEmbeddedStore({ directory });
  const things = store.collection(${JSON.stringify(SPEC)});
  await things.createIndexes();
  const acknowledge = (id, n) => process.stdout.write(id + ' ' + n + '\\n');
  const write = async writer => {
    for (let count = 0; ; count += 1) {
      const _id = [round, writer, count].join('-');
      await things.insertOne({ _id, n: 0, tags: [writer, 'all'], slug: 's' + _id, text: 'x'.repeat(1500) });
      acknowledge(_id, 0);
      for (let n = 1; n < 4; n += 1) {
        await things.findOneAndUpdate({ _id, n: n - 1 }, { $set: { n, slug: 's' + n + _id }, $push: { tags: 't' + n } });
        acknowledge(_id, n);
      }
      if (count % 3 === 0) {
        await things.deleteOne({ _id });
        acknowledge(_id, -1);
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, writer) => write('w' + writer)));
`;

describe('what the embedded store acknowledged', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'durability-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Runs the writers, kills them in the midst of it, and gives what they had been told. */
  async function writeAndDie(round: number, acknowledgements: number): Promise<Map<string, number>> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM, directory, String(round)],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    const acknowledged = new Map<string, number>();
    let count = 0;
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const [id = '', n = ''] = line.split(' ');
      acknowledged.set(id, Number(n));
      count += 1;
      if (count === acknowledgements) child.kill('SIGKILL');
    }
    await exited;
    expect(count).toBeGreaterThanOrEqual(acknowledgements);
    return acknowledged;
  }

  it('survives kill -9, again and again, and the indexes agree with the documents', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 4; round += 1) {
      for (const [id, n] of await writeAndDie(round, 400 + round * 350)) acknowledged.set(id, n);
      const store = await openEmbeddedStore({ directory });
      await expectAcknowledged(store, acknowledged);
      await expectSoundIndexes(store);
      await store.close();
    }
  });

  async function expectAcknowledged(store: Store, acknowledged: ReadonlyMap<string, number>): Promise<void> {
    const things = store.collection<Document>(SPEC);
    const lost: string[] = [];
    for (const [id, n] of acknowledged) {
      const found = await things.findOne({ _id: id });
      // A write whose acknowledgement was not heard may have been done as well.
      const isKept = n === -1 ? found === null : found === null ? n === 3 : Number(found['n']) >= n;
      if (!isKept) lost.push(id);
    }
    expect(lost).toEqual([]);
  }

  async function expectSoundIndexes(store: Store): Promise<void> {
    const things = store.collection<Document>(SPEC);
    expect(await things.missingIndexes()).toEqual([]);
    const scanned = await things.find({}, { hint: '_id' });
    expect(scanned.length).toBeGreaterThan(0);
    for (const hint of ['n', 'tags', 'slug']) {
      const found = await things.find({}, { hint, sort: { _id: 1 } });
      expect(found.map(({ _id }) => _id)).toEqual(scanned.map(({ _id }) => _id));
    }
    for (const n of [0, 1, 2, 3]) {
      expect(await things.countDocuments({ n })).toBe(scanned.filter(thing => thing['n'] === n).length);
    }
    const tagged = scanned.filter(({ tags }) => Array.isArray(tags) && tags.includes('t2'));
    expect(await things.countDocuments({ tags: 't2' })).toBe(tagged.length);
    for (const { _id, slug } of scanned.slice(0, 50)) expect(await things.findOne({ slug })).toMatchObject({ _id });
  }
});
