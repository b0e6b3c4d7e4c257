import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import {
  type Collection,
  type CollectionSpec,
  DuplicateKeyError,
  type IndexSpec,
  InvalidOperationError,
  type Store,
} from '../collection.ts';
import { DataDirectoryLockedError } from './directory-lock.ts';
import { type EmbeddedStoreOptions, openEmbeddedStore } from './embedded-store.ts';
import { type Document } from './values.ts';

const RANK: IndexSpec = { name: 'rank', key: { rank: 1 } };
const SLUG: IndexSpec = { name: 'slug', key: { slug: 1 }, unique: true, sparse: true };

const specOf = (...indexes: IndexSpec[]): CollectionSpec => ({ name: 'things', ids: [], indexes });
const many = (count: number, fields: (n: number) => object = n => ({ rank: n })): Document[] =>
  Array.from({ length: count }, (_, n) => ({ _id: `k${String(n).padStart(5, '0')}`, ...fields(n) }));

describe('the embedded store', () => {
  let directory: string;
  let store: Store;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'embedded-'));
    store = await openEmbeddedStore({ directory });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function reopen(options: Partial<EmbeddedStoreOptions> = {}): Promise<void> {
    await store.close();
    store = await openEmbeddedStore({ directory, ...options });
  }

  async function collectionOf(
    spec: CollectionSpec,
    documents: readonly Document[] = [],
  ): Promise<Collection<Document>> {
    const things = store.collection<Document>(spec);
    await things.createIndexes();
    await things.bulkWrite(documents.map(document => ({ insertOne: { document } })));
    return things;
  }

  it('makes the folder, and names it', async () => {
    const inner = path.join(directory, 'made', 'by', 'it');
    const other = await openEmbeddedStore({ directory: inner });
    expect(other).toMatchObject({ kind: 'embedded', location: inner });
    await other.close();
  });

  it('is refused to a second opener until the first one closes it', async () => {
    await expect(openEmbeddedStore({ directory })).rejects.toBeInstanceOf(DataDirectoryLockedError);
    await reopen();
  });

  it('gives documents back after it was closed and opened, with values of every kind and indexes that serve', async () => {
    const thing = {
      _id: 'ä/1',
      rank: Infinity,
      low: -Infinity,
      date: new Date(8.64e15),
      early: new Date(-1),
      bytes: new Uint8Array([1, 2, 255]),
      list: [null, true, 0.1, 'é', { k: [] }],
      big: 2 ** 53,
    };
    await collectionOf(specOf(RANK, SLUG), [thing, ...many(10)]);
    await reopen();
    const things = store.collection<Document>(specOf(RANK, SLUG));
    expect(await things.missingIndexes()).toEqual([]);
    expect(await things.findOne({ _id: 'ä/1' })).toEqual(thing);
    expect(await things.explain({ rank: Infinity })).toMatchObject({ index: 'rank', examined: 1 });
    expect(await things.find({ rank: { $gt: 8 } }, { sort: { rank: 1 } })).toEqual([{ _id: 'k00009', rank: 9 }, thing]);
  });

  it('gives back frozen documents, read or written', async () => {
    const things = await collectionOf(specOf(), [{ _id: 'a', list: [{ k: 1 }] }]);
    const written = await things.findOneAndUpdate({ _id: 'a' }, { $set: { other: [1] } });
    await reopen();
    const read = await store.collection<Document>(specOf()).findOne({ _id: 'a' });
    for (const document of [written, read]) {
      const { list } = document as unknown as { list: object[] };
      expect([document, list, list[0]].every(Object.isFrozen)).toBe(true);
    }
  });

  it('remembers that a field has held a list', async () => {
    await collectionOf(specOf(RANK), [{ _id: 'a', rank: [1, 9] }]);
    await reopen();
    expect(await store.collection(specOf(RANK)).countDocuments({ rank: { $gt: 4, $lt: 6 } })).toBe(1);
    expect(await store.collection(specOf(RANK)).countDocuments({ rank: { $gt: 0 } })).toBe(1);
  });

  it('carries out what was queued before it closed, and refuses what comes later', async () => {
    const things = await collectionOf(specOf());
    const queued = Promise.all(many(50).map(document => things.insertOne(document)));
    await store.close();
    await queued;
    await expect(things.insertOne({ _id: 'late' })).rejects.toBeInstanceOf(ServiceUnavailableError);
    await reopen();
    expect(await store.collection(specOf()).countDocuments({})).toBe(50);
  });

  it('lets writes of the same moment see each other, in their order', async () => {
    const things = await collectionOf(specOf(RANK, SLUG), many(3));
    const results = await Promise.allSettled([
      things.updateOne({ _id: 'k00000' }, { $set: { rank: 10, slug: 's' } }),
      things.findOneAndUpdate({ rank: { $gte: 0 } }, { $set: { first: true } }, { sort: { rank: -1 } }),
      things.insertOne({ _id: 'x', slug: 's' }),
      things.updateOne({ _id: 'k00000' }, { $unset: { slug: '' } }),
      things.insertOne({ _id: 'y', slug: 's', rank: 5 }),
      things.deleteMany({ rank: { $lt: 3 } }),
      things.updateMany({}, { $set: { seen: true } }),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      ...Array.from({ length: 4 }, () => 'fulfilled'),
    ]);
    expect(results[6]).toMatchObject({ value: { matchedCount: 2, modifiedCount: 2 } });
    expect(results[2]).toMatchObject({ reason: expect.any(DuplicateKeyError) as unknown });
    expect(await things.find({}, { sort: { _id: 1 } })).toEqual([
      { _id: 'k00000', rank: 10, first: true, seen: true },
      { _id: 'y', slug: 's', rank: 5, seen: true },
    ]);
    expect(await things.find({}, { hint: 'rank' })).toHaveLength(2);
  });

  it('refuses a document that is too large, and lets the writes beside it pass', async () => {
    const things = await collectionOf(specOf());
    const [large, small] = await Promise.allSettled([
      things.insertOne({ _id: 'large', text: 'x'.repeat(17 * 2 ** 20) }),
      things.insertOne({ _id: 'small', text: 'x'.repeat(2 * 2 ** 20) }),
    ]);
    expect(large).toMatchObject({ reason: expect.any(InvalidOperationError) as unknown });
    expect(small?.status).toBe('fulfilled');
    await reopen();
    expect(await store.collection<Document>(specOf()).find({})).toEqual([
      { _id: 'small', text: 'x'.repeat(2 * 2 ** 20) },
    ]);
  });

  it('takes back an update of many that fails at one of them', async () => {
    const things = await collectionOf(specOf(RANK), [
      { _id: 'a', n: 1 },
      { _id: 'b', n: 'text' },
    ]);
    await expect(things.updateMany({}, { $inc: { n: 1 }, $set: { rank: 1 } })).rejects.toBeInstanceOf(
      InvalidOperationError,
    );
    expect(await things.find({}, { sort: { _id: 1 } })).toEqual([
      { _id: 'a', n: 1 },
      { _id: 'b', n: 'text' },
    ]);
    expect(await things.countDocuments({ rank: 1 })).toBe(0);
  });

  it('shows a long query the state at its beginning, while writes go on', async () => {
    const things = await collectionOf(
      specOf(RANK),
      many(20_000, n => ({ rank: n, text: 'x'.repeat(200) })),
    );
    const scan = things.find({ text: { $regex: 'x$' } });
    let isOver = false;
    void scan.finally(() => (isOver = true));
    let written = 0;
    while (!isOver) {
      await things.updateOne({ _id: `k${String(19_999 - written).padStart(5, '0')}` }, { $set: { text: 'changed' } });
      written += 1;
    }
    expect(written).toBeGreaterThan(1);
    expect(await scan).toHaveLength(20_000);
    expect(await things.countDocuments({ text: 'changed' })).toBe(written);
  });

  describe('asked for the first of many that no index has in order', () => {
    const weighed = many(3300, n => ({ weight: (n * 7919) % 101, isOdd: n % 2 === 1 }));
    const byWeight = [...weighed].sort(
      (one, other) =>
        Number(one['weight']) - Number(other['weight']) || (String(one['_id']) < String(other['_id']) ? -1 : 1),
    );

    it.each([
      [0, 1],
      [15, 25],
      [1500, 100],
      [3290, 50],
      [4000, 1],
    ])('gives those that come first, after %p, %p of them', async (skip, limit) => {
      const things = await collectionOf(specOf(), weighed);
      const expected = byWeight.slice(skip, skip + limit);
      expect(await things.find({}, { sort: { weight: 1, _id: 1 }, skip, limit })).toEqual(expected);
      // Of those that weigh the same, the ones found first.
      expect(await things.find({}, { sort: { weight: 1 }, skip, limit })).toEqual(expected);
      const isOdd = ({ isOdd: odd }: Document): boolean => odd === true;
      const oddOnes = byWeight.filter(isOdd).slice(skip, skip + limit);
      expect(await things.find({ isOdd: true }, { sort: { weight: 1 }, skip, limit })).toEqual(oddOnes);
    });

    it('alters the first, also one that a write before it in the same moment has made so', async () => {
      const things = await collectionOf(specOf(), weighed);
      const first = { sort: { weight: 1, _id: 1 } } as const;
      const taken = await Promise.all([
        things.updateOne({ _id: 'k03000' }, { $set: { weight: -1 } }),
        things.findOneAndUpdate({}, { $inc: { weight: 1000 } }, first),
        things.findOneAndUpdate({}, { $inc: { weight: 1000 } }, first),
      ]);
      expect(taken.slice(1)).toEqual([
        { _id: 'k03000', weight: 999, isOdd: false },
        { ...byWeight[0], weight: 1000 },
      ]);
      expect(await things.countDocuments({ weight: { $gte: 999 } })).toBe(2);
    });
  });

  it('ends a long query when it is closed', async () => {
    const things = await collectionOf(
      specOf(),
      many(20_000, () => ({ text: 'x'.repeat(200) })),
    );
    const scans = Array.from({ length: 3 }, () => things.find({ text: { $regex: 'y$' } }));
    await new Promise(resolve => setImmediate(resolve));
    await Promise.all([
      store.close(),
      ...scans.map(scan => expect(scan).rejects.toBeInstanceOf(ServiceUnavailableError)),
    ]);
  });

  it('works with a cache too small for its documents', async () => {
    await reopen({ cacheBytes: 1000 });
    const things = await collectionOf(
      specOf(RANK),
      many(100, n => ({ rank: n, text: 'x'.repeat(300) })),
    );
    for (const { _id } of many(100)) await things.updateOne({ _id }, { $set: { text: _id } });
    for (const { _id } of many(100)) expect(await things.findOne({ _id })).toMatchObject({ text: _id });
  });

  it.each([[''], ['x'.repeat(3000)], [1 as unknown as string], [undefined as unknown as string]])(
    'refuses the _id %p',
    async _id => {
      const things = await collectionOf(specOf());
      await expect(things.insertOne({ _id })).rejects.toBeInstanceOf(InvalidOperationError);
      expect(await things.countDocuments({})).toBe(0);
    },
  );

  it('refuses a value too long for an index, finds nothing by it, and keeps it where none holds it', async () => {
    const things = await collectionOf(specOf(SLUG));
    const long = 'x'.repeat(5000);
    await expect(things.insertOne({ _id: 'a', slug: long })).rejects.toBeInstanceOf(InvalidOperationError);
    await things.insertOne({ _id: 'a', text: long });
    expect(await things.findOne({ slug: long })).toBeNull();
    expect(await things.find({ slug: { $gte: long } })).toEqual([]);
    await things.insertOne({ _id: 'b', slug: 'x' });
    expect(await things.find({ slug: { $lte: long } })).toEqual([{ _id: 'b', slug: 'x' }]);
    expect(await things.countDocuments({ slug: { $lt: long } })).toBe(1);
    expect(await things.find({ slug: { $lte: long } }, { sort: { slug: -1 }, limit: 1 })).toHaveLength(1);
    expect(await things.findOne({ _id: long })).toBeNull();
    expect(await things.find({ _id: { $in: [long, 'b'] } })).toHaveLength(1);
    expect(await things.countDocuments({ text: long })).toBe(1);
  });

  describe('indexes', () => {
    it('are built anew when their declaration changes', async () => {
      await collectionOf(
        specOf(RANK),
        many(1200, n => ({ rank: n, other: -n })),
      );
      const things = store.collection<Document>(specOf({ name: 'rank', key: { other: 1 } }));
      expect(await things.missingIndexes()).toEqual(['rank']);
      await things.createIndexes();
      expect(await things.missingIndexes()).toEqual([]);
      expect(await things.explain({ other: -7 })).toMatchObject({ index: 'rank', examined: 1 });
      expect(await things.explain({ rank: 7 })).toMatchObject({ index: null });
    });

    it('are kept up by every write, also by those who do not declare them', async () => {
      await collectionOf(specOf(RANK, SLUG), [{ _id: 'a', slug: 's' }]);
      const others = store.collection<Document>(specOf());
      await expect(others.insertOne({ _id: 'b', slug: 's' })).rejects.toMatchObject({ index: 'slug' });
      await others.insertOne({ _id: 'b', rank: 5 });
      expect(await others.explain({ rank: 5 })).toMatchObject({ index: 'rank', examined: 1 });
    });

    it('are built while writes go on', async () => {
      const things = await collectionOf(specOf(), many(3000));
      const indexed = store.collection<Document>(specOf(RANK, SLUG));
      let isBuilt = false;
      const building = indexed.createIndexes().then(() => (isBuilt = true));
      for (let n = 0; !isBuilt; n += 1) {
        const _id = `k${String((n * 7) % 3000).padStart(5, '0')}`;
        await things.updateOne({ _id }, { $set: { rank: -n, slug: `s${n}` } });
        await things.deleteOne({ _id: `k${String((n * 7 + 3) % 3000).padStart(5, '0')}` });
        await things.insertOne({ _id: `new${n}`, rank: n + 0.5 });
      }
      await building;
      const scanned = await indexed.find({}, { hint: '_id' });
      const byRank = await indexed.find({}, { hint: 'rank', sort: { _id: 1 } });
      expect(byRank).toEqual(scanned);
      for (const document of scanned.filter(({ slug }) => slug !== undefined)) {
        expect(await indexed.find({ slug: document['slug'] })).toEqual([document]);
      }
    });

    it('keep a unique key that one document has, when another one with the same goes before the index reaches it', async () => {
      const things = await collectionOf(
        specOf(),
        many(5000, n => (n % 4999 === 0 ? { slug: 's' } : {})),
      );
      const building = store.collection(specOf(SLUG)).createIndexes();
      await things.updateOne({ _id: 'k00001' }, { $set: { turn: 1 } });
      await things.deleteOne({ _id: 'k04999' });
      await building;
      expect(await things.find({ slug: 's' })).toMatchObject([{ _id: 'k00000' }]);
      await expect(things.insertOne({ _id: 'x', slug: 's' })).rejects.toMatchObject({ index: 'slug' });
    });

    it('that were not finished when the store closed are cleared away and built anew', async () => {
      const things = await collectionOf(specOf(), many(3000));
      const building = store.collection(specOf(RANK)).createIndexes();
      await things.updateOne({ _id: 'k00000' }, { $set: { rank: -1 } });
      await store.close();
      await expect(building).rejects.toBeInstanceOf(ServiceUnavailableError);
      store = await openEmbeddedStore({ directory });
      const again = store.collection<Document>(specOf(RANK));
      expect(await again.missingIndexes()).toEqual(['rank']);
      await again.createIndexes();
      expect(await again.find({}, { hint: 'rank', sort: { _id: 1 } })).toEqual(await again.find({}, { hint: '_id' }));
    });

    it('that documents break are refused, and hold up no later write', async () => {
      const things = await collectionOf(specOf(), [
        { _id: 'a', slug: 's' },
        { _id: 'b', slug: 's' },
      ]);
      await expect(store.collection(specOf(SLUG)).createIndexes()).rejects.toMatchObject({ index: 'slug' });
      await things.insertOne({ _id: 'c', slug: 's' });
      expect(await things.countDocuments({ slug: 's' })).toBe(3);
    });
  });
});
