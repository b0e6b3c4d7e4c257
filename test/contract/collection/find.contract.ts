import { describe, expect, it } from '@jest/globals';
import { type Filter } from '../../../app/datastore/store/collection.ts';
import { idsOf, type Fixture, type Thing } from './fixture.ts';

const THINGS: readonly Thing[] = [
  { _id: 'a', group: 2, name: 'n1', at: new Date(30), nested: { k: 3, l: 'x' }, tags: ['t', 'u'] },
  { _id: 'b', group: 1, name: 'n2', at: new Date(20), nested: { k: 1, l: 'y' }, tags: ['u'] },
  { _id: 'c', group: 2, name: 'n3', at: new Date(10), nested: { k: 2 }, tags: [] },
  { _id: 'd', group: 1, name: 'n4', at: new Date(40) },
];

/** Order, slices, projections, and the questions that count. */
export function findContract({ collection }: Fixture): void {
  describe('find', () => {
    it.each([
      ['one field', { at: 1 }, 'cbad'],
      ['one field, descending', { at: -1 }, 'dabc'],
      ['two fields, in their order', { group: 1, at: -1 }, 'dbac'],
      ['a dotted path, missing first', { 'nested.k': 1 }, 'dbca'],
    ] as const)('sorts by %s', async (_title, sort, expected) => {
      const things = await collection({}, THINGS);
      expect(idsOf(await things.find({}, { sort })).join('')).toBe(expected);
    });

    it('sorts kinds of values as MongoDB does: null, numbers, strings, booleans, dates', async () => {
      const things = await collection({}, [
        { _id: 'date', k: new Date(0) },
        { _id: 'boolean', k: false },
        { _id: 'string', k: 'B' },
        { _id: 'lower', k: 'a' },
        { _id: 'number', k: 7 },
        { _id: 'null', k: null },
      ]);
      expect(idsOf(await things.find({}, { sort: { k: 1 } }))).toEqual([
        'null',
        'number',
        'string',
        'lower',
        'boolean',
        'date',
      ]);
    });

    it('skips and limits after sorting', async () => {
      const things = await collection({}, THINGS);
      expect(idsOf(await things.find({}, { sort: { at: 1 }, skip: 1, limit: 2 }))).toEqual(['b', 'a']);
      expect(idsOf(await things.find({ group: 1 }, { sort: { at: 1 }, skip: 5 }))).toEqual([]);
      expect(idsOf(await things.find({}, { sort: { _id: -1 }, limit: 10 }))).toEqual(['d', 'c', 'b', 'a']);
    });

    it('gives back only the fields asked for, and _id', async () => {
      const things = await collection({}, THINGS);
      const projection = { name: 1, 'nested.l': 1 } as const;
      expect(await things.find({ group: 2 }, { projection, sort: { _id: 1 } })).toEqual([
        { _id: 'a', name: 'n1', nested: { l: 'x' } },
        { _id: 'c', name: 'n3', nested: {} },
      ]);
      expect(await things.findOne({ _id: 'd' }, { projection })).toEqual({ _id: 'd', name: 'n4' });
      expect(await things.findOne({ _id: 'd' }, { projection: { _id: 1 } })).toEqual({ _id: 'd' });
    });

    it('projects into the documents of a list', async () => {
      const things = await collection({}, [{ _id: 'a', items: [{ k: 1, l: 2 }, { k: 3 }] }]);
      expect(await things.findOne({}, { projection: { 'items.k': 1 } })).toEqual({
        _id: 'a',
        items: [{ k: 1 }, { k: 3 }],
      });
    });

    it('finds the same under a hint', async () => {
      const indexes = [
        { name: 'group_at', key: { group: 1, at: 1 } },
        { name: 'at', key: { at: 1 } },
      ] as const;
      const things = await collection({ indexes }, THINGS);
      for (const hint of ['group_at', 'at', '_id']) {
        expect(idsOf(await things.find({ group: 2 }, { sort: { at: 1 }, hint }))).toEqual(['c', 'a']);
      }
    });

    it('gives more documents than one batch of the protocol holds', async () => {
      const things = await collection();
      const documents = Array.from({ length: 500 }, (_, n) => ({ _id: String(n).padStart(3, '0'), n }));
      await things.bulkWrite(documents.map(document => ({ insertOne: { document } })));
      expect(await things.find({}, { sort: { _id: 1 } })).toEqual(documents);
    });

    it('pages by key: every document once, whatever is inserted or removed meanwhile', async () => {
      const indexes = [{ name: 'group_id', key: { group: 1, _id: 1 } }] as const;
      const documents = Array.from({ length: 25 }, (_, n) => ({ _id: `k${String(n).padStart(2, '0')}`, group: n % 3 }));
      const things = await collection({ indexes }, documents);
      const seen: Thing[] = [];
      for (let last: Thing | undefined; ;) {
        const after: Filter =
          last === undefined
            ? {}
            : { $or: [{ group: { $gt: last['group'] } }, { group: last['group'], _id: { $gt: last._id } }] };
        const page = await things.find(after, { sort: { group: 1, _id: 1 }, limit: 4 });
        if (page.length === 0) break;
        seen.push(...page);
        last = page.at(-1);
        await things.deleteOne({ _id: seen[0]?._id });
        await things.insertOne({ _id: `early${seen.length}`, group: -1 });
      }
      expect(idsOf(seen)).toEqual(
        [...documents].sort((one, two) => one.group - two.group || (one._id < two._id ? -1 : 1)).map(({ _id }) => _id),
      );
    });
  });

  describe('findOne', () => {
    it('gives the first by the order asked for, or null', async () => {
      const things = await collection({}, THINGS);
      expect((await things.findOne({ group: 2 }, { sort: { at: 1 } }))?._id).toBe('c');
      expect((await things.findOne({ group: 2 }, { sort: { at: -1 } }))?._id).toBe('a');
      expect(await things.findOne({ group: 3 })).toBeNull();
    });
  });

  describe('countDocuments and distinct', () => {
    it('count the matches', async () => {
      const things = await collection({}, THINGS);
      expect(await things.countDocuments({})).toBe(4);
      expect(await things.countDocuments({ group: 2 })).toBe(2);
      expect(await things.countDocuments({ group: 9 })).toBe(0);
    });

    it('give each value once, the elements of lists, and nothing for a missing field', async () => {
      const things = await collection({}, THINGS);
      expect((await things.distinct('group')).sort()).toEqual([1, 2]);
      expect((await things.distinct('tags')).sort()).toEqual(['t', 'u']);
      expect((await things.distinct('nested.l')).sort()).toEqual(['x', 'y']);
      expect((await things.distinct('name', { group: 1 })).sort()).toEqual(['n2', 'n4']);
      expect(await things.distinct('missing')).toEqual([]);
    });

    it('answer for a collection that nothing was ever written to', async () => {
      const things = await collection();
      expect(await things.find({})).toEqual([]);
      expect(await things.findOne({})).toBeNull();
      expect(await things.countDocuments({})).toBe(0);
      expect(await things.distinct('name')).toEqual([]);
    });
  });
}
