import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Collection,
  type CollectionSpec,
  type Filter,
  type FindOptions,
  InvalidOperationError,
  type Store,
} from '../collection.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { type Document } from './values.ts';

const SPEC: CollectionSpec = {
  name: 'things',
  ids: [],
  indexes: [
    { name: 'status_at', key: { status: 1, at: 1 } },
    { name: 'kind_rank_down', key: { kind: 1, rank: -1 } },
    { name: 'tags_at', key: { tags: 1, at: 1 } },
    { name: 'name', key: { name: 1 } },
    { name: 'slug', key: { slug: 1 }, unique: true, sparse: true },
    { name: 'pending', key: { 'pending.at': 1 }, sparse: true },
    { name: 'deliveries', key: { 'deliveries.dueAt': 1 }, sparse: true },
  ],
};

const day = (n: number): Date => new Date(Date.UTC(2026, 0, 1 + n));
const idOf = (n: number): string => `k${String(n).padStart(3, '0')}`;

/** 200 documents: 5 statuses, 4 kinds, 10 tags, a date each; every twentieth is pending. */
const THINGS = Array.from({ length: 200 }, (_, n) => ({
  _id: idOf(n),
  status: n % 5,
  at: day(n),
  kind: 'abcd'[n % 4],
  rank: n % 7,
  tags: [`t${n % 10}`, 'all'],
  name: `name ${n}`,
  ...(n % 3 === 0 && { slug: `s${n}` }),
  ...(n % 20 === 0 && {
    pending: { at: day(n) },
    deliveries: [
      { effect: 'x', dueAt: day(n) },
      { effect: 'y', dueAt: day(n + 100) },
    ],
  }),
}));

type Expected = readonly [index: string | null, examined: number, sortedByIndex?: boolean];

describe('the plan of a query', () => {
  let directory: string;
  let store: Store;
  let things: Collection<Document>;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'planner-'));
    store = await openEmbeddedStore({ directory });
    things = store.collection<Document>(SPEC);
    await things.createIndexes();
    await things.bulkWrite(THINGS.map(document => ({ insertOne: { document } })));
  });
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  const NEWEST = { at: -1, _id: -1 } as const;

  it.each<[string, Filter, FindOptions, Expected]>([
    ['a document by its _id', { _id: idOf(3), status: 3 }, {}, ['_id', 1]],
    ['documents by their _ids', { _id: { $in: [idOf(3), idOf(9), 'none'] } }, {}, ['_id', 3]],
    ['a range of _ids', { _id: { $gte: idOf(190) } }, {}, ['_id', 10]],
    ['an order by _id', {}, { sort: { _id: -1 }, limit: 5 }, ['_id', 5, true]],
    ['a unique key', { slug: 's9', status: 4 }, {}, ['slug', 1]],
    ['a value', { status: 2 }, {}, ['status_at', 40]],
    ['a value and a range', { status: 2, at: { $gte: day(100), $lte: day(120) } }, {}, ['status_at', 4]],
    ['a value in $and', { $and: [{ status: 2 }, { at: { $gt: day(190) } }] }, {}, ['status_at', 2]],
    ['values', { status: { $in: [1, 2] }, at: { $lt: day(10) } }, {}, ['status_at', 4]],
    ['a range of dates alone: no index begins with it', { at: { $lt: day(10) } }, {}, [null, 200]],
    ['a range with nothing in it', { status: { $gt: 3, $lt: 2 } }, {}, ['status_at', 0]],
    ['a descending range', { kind: 'a', rank: { $gte: 5 } }, {}, ['kind_rank_down', 14]],
    ['the beginning of a text', { name: /^name 19/ }, {}, ['name', 11]],
    ['the beginning of a text, given as a string', { name: { $regex: '^name 19' } }, {}, ['name', 11]],
    ['a text in any case: no beginning', { name: { $regex: '^name 19', $options: 'i' } }, {}, [null, 200]],
    ['one of two beginnings: none', { name: { $regex: '^name 19|^name 1' } }, {}, [null, 200]],
    ['an element of a list', { tags: 't3' }, {}, ['tags_at', 20]],
    ['a condition on what only some documents have', { 'pending.at': { $lte: day(60) } }, {}, ['pending', 4]],
    ['the presence of what only some documents have', { 'pending.at': { $exists: true } }, {}, ['pending', 10]],
    [
      'a condition on one element of a list',
      { deliveries: { $elemMatch: { effect: 'x', dueAt: { $lte: day(60) } } } },
      {},
      ['deliveries', 4],
    ],
    ['absence: no sparse index', { slug: { $exists: false } }, {}, [null, 200]],
    ['null: no sparse index', { slug: null }, {}, [null, 200]],
    ['an order that the index has', { status: 2 }, { sort: { at: 1 }, limit: 7 }, ['status_at', 7, true]],
    ['an order that the index has backwards', { status: 2 }, { sort: NEWEST, limit: 7 }, ['status_at', 7, true]],
    [
      'an order with what is the same in all',
      { status: 2 },
      { sort: { status: -1, at: 1, _id: 1 }, limit: 7 },
      ['status_at', 7, true],
    ],
    ['an order of two fields', {}, { sort: { kind: -1, rank: 1, _id: -1 }, limit: 3 }, ['kind_rank_down', 3, true]],
    ['an order against the index', {}, { sort: { kind: 1, rank: 1 }, limit: 3 }, [null, 200, false]],
    [
      'an order with _id against the index',
      { status: 2 },
      { sort: { at: 1, _id: -1 }, limit: 7 },
      ['status_at', 40, false],
    ],
    [
      'an order across several values',
      { status: { $in: [1, 2] } },
      { sort: { at: 1 }, limit: 7 },
      ['status_at', 80, false],
    ],
    [
      'an order by the several values themselves',
      { status: { $in: [1, 2] } },
      { sort: { status: 1, at: 1 }, limit: 7 },
      ['status_at', 7, true],
    ],
    ['an element of a list, by date', { tags: 't3' }, { sort: { at: -1 }, limit: 3 }, ['tags_at', 3, true]],
    ['an order by a list', {}, { sort: { tags: 1 }, limit: 3 }, [null, 200, false]],
    [
      'a page after a row',
      { status: 2, $or: [{ at: { $lt: day(102) } }, { at: day(102), _id: { $lt: idOf(102) } }] },
      { sort: NEWEST, limit: 5 },
      ['status_at', 6, true],
    ],
    ['a skip', { status: 2 }, { sort: { at: 1 }, skip: 10, limit: 5 }, ['status_at', 15, true]],
    ['a hint', { status: 2 }, { hint: 'name' }, ['name', 200]],
    ['a hint that sorts', { status: 2 }, { hint: 'pending', sort: { 'pending.at': 1 } }, ['pending', 10, true]],
    ['a hint of the primary key', { status: 2 }, { hint: '_id' }, [null, 200]],
  ])('serves %s', async (_title, filter, options, [index, examined, sortedByIndex = false]) => {
    expect(await things.explain(filter, options)).toEqual({ index, examined, sortedByIndex });
    const { hint: _hint, ...unhinted } = options;
    const isPartial = index === 'pending' && options.hint !== undefined;
    if (!isPartial) {
      const expected = await things.find(filter, { ...unhinted, sort: options.sort ?? { _id: 1 }, hint: '_id' });
      const found = await things.find(filter, { ...options, sort: options.sort ?? { _id: 1 } });
      expect(found).toEqual(expected);
    }
  });

  it('walks backwards from the last key of a range to its first, both included', async () => {
    const flags = store.collection<Document>({
      name: 'flags',
      ids: [],
      indexes: [{ name: 'flag', key: { flag: 1 }, unique: true, sparse: true }],
    });
    await flags.createIndexes();
    await flags.insertOne({ _id: 'a', flag: false });
    await flags.insertOne({ _id: 'b', flag: true });
    const backwards = async (collection: Collection<Document>, filter: Filter, field: string): Promise<string[]> =>
      (await collection.find(filter, { sort: { [field]: -1 } })).map(({ _id }) => _id);
    expect(await backwards(things, { _id: { $gte: idOf(10), $lte: idOf(12) } }, '_id')).toEqual([12, 11, 10].map(idOf));
    expect(await backwards(things, { _id: { $gt: idOf(10), $lt: idOf(12) } }, '_id')).toEqual([idOf(11)]);
    expect(await backwards(things, { slug: { $gte: 's6', $lte: 's66' } }, 'slug')).toEqual([66, 63, 60, 6].map(idOf));
    expect(await backwards(flags, { flag: { $lte: false } }, 'flag')).toEqual(['a']);
    expect(await backwards(flags, { flag: { $gte: false } }, 'flag')).toEqual(['b', 'a']);
  });

  it('lets different elements of a list meet the conditions on two fields of one index', async () => {
    const lists = store.collection<Document>({
      name: 'pairs',
      ids: [],
      indexes: [{ name: 'k_n', key: { 'items.k': 1, 'items.n': 1 } }],
    });
    await lists.createIndexes();
    await lists.insertOne({
      _id: 'a',
      items: [
        { k: 'p', n: 1 },
        { k: 'q', n: 5 },
      ],
    });
    const filter = { 'items.k': 'p', 'items.n': 5 };
    expect(await lists.explain(filter)).toMatchObject({ index: 'k_n' });
    expect(await lists.countDocuments(filter)).toBe(1);
  });

  it('is refused a hint that names no index', async () => {
    await expect(things.find({}, { hint: 'nothing' })).rejects.toBeInstanceOf(InvalidOperationError);
  });

  it('is still right once a field has held a list: conditions on it may be met by different elements', async () => {
    const lists = store.collection<Document>({ name: 'lists', ids: [], indexes: [{ name: 'n', key: { n: 1 } }] });
    await lists.createIndexes();
    await lists.insertOne({ _id: 'a', n: 5 });
    const between = { n: { $gt: 4, $lt: 6 } };
    expect(await lists.explain(between)).toMatchObject({ index: 'n', examined: 1 });
    await lists.insertOne({ _id: 'b', n: [1, 9] });
    expect((await lists.find(between, { sort: { _id: 1 } })).map(({ _id }) => _id)).toEqual(['a', 'b']);
    expect(await lists.countDocuments({ n: { $gt: 0 } })).toBe(2);
    expect((await lists.find({}, { sort: { n: -1 } })).map(({ _id }) => _id)).toEqual(['b', 'a']);
  });
});
