import { describe, expect, it } from '@jest/globals';
import { InvalidOperationError, type Update } from '../../../app/datastore/store/collection.ts';
import { type Fixture, type Thing } from './fixture.ts';

const CASES: readonly (readonly [string, Omit<Thing, '_id'>, Update, Omit<Thing, '_id'>])[] = [
  ['$set adds and replaces', { a: 1, b: 1 }, { $set: { a: 2, c: 3 } }, { a: 2, b: 1, c: 3 }],
  [
    '$set on a dotted path leaves the neighbours alone',
    { a: { b: 1, c: 1 } },
    { $set: { 'a.b': 2 } },
    { a: { b: 2, c: 1 } },
  ],
  ['$set on a dotted path makes what is missing', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
  ['$set on a place in a list', { a: [{ k: 1 }, { k: 2 }] }, { $set: { 'a.1.k': 3 } }, { a: [{ k: 1 }, { k: 3 }] }],
  ['$set of a whole document replaces it', { a: { b: 1, c: 1 } }, { $set: { a: { d: 1 } } }, { a: { d: 1 } }],
  ['$set of null keeps the field', { a: 1 }, { $set: { a: null } }, { a: null }],
  ['$set of undefined changes nothing', { a: 1 }, { $set: { a: undefined, b: 2 } }, { a: 1, b: 2 }],
  ['$set of a date and an empty list', {}, { $set: { at: new Date(5), list: [] } }, { at: new Date(5), list: [] }],
  ['$unset takes the field away', { a: 1, b: 2 }, { $unset: { a: '', missing: '' } }, { b: 2 }],
  ['$unset on a dotted path', { a: { b: 1, c: 1 } }, { $unset: { 'a.b': '' } }, { a: { c: 1 } }],
  [
    '$inc counts up and down, from nothing too',
    { a: 1 },
    { $inc: { a: 2, b: -1, 'c.d': 3 } },
    { a: 3, b: -1, c: { d: 3 } },
  ],
  ['$push appends', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
  ['$push makes a list', {}, { $push: { a: { k: 1 } } }, { a: [{ k: 1 }] }],
  ['$push appends a list as one element', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
  ['$push with $each', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
  [
    '$push with $each and $slice keeps the last',
    { a: [1, 2] },
    { $push: { a: { $each: [3], $slice: -2 } } },
    { a: [2, 3] },
  ],
  ['$pull takes every equal element', { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  ['$pull by a condition', { a: [1, 2, 3] }, { $pull: { a: { $gte: 2 } } }, { a: [1] }],
  ['$pull with $in', { a: [1, 2, 3] }, { $pull: { a: { $in: [1, 3] } } }, { a: [2] }],
  ['$pull documents by a field', { a: [{ k: 1, l: 1 }, { k: 2 }] }, { $pull: { a: { k: 1 } } }, { a: [{ k: 2 }] }],
  ['$pull of what is not there', { a: [1] }, { $pull: { a: 9, b: 1 } }, { a: [1] }],
  ['$addToSet adds once', { a: [1] }, { $addToSet: { a: 1, b: 2 } }, { a: [1], b: [2] }],
  ['$addToSet with $each', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
  [
    '$min and $max',
    { a: 5, b: 5, c: 5, d: 5 },
    { $min: { a: 3, b: 9 }, $max: { c: 3, d: 9 } },
    { a: 3, b: 5, c: 5, d: 9 },
  ],
  [
    '$min and $max on dates and missing fields',
    { a: new Date(5) },
    { $max: { a: new Date(9), b: 1 } },
    { a: new Date(9), b: 1 },
  ],
  [
    '$setOnInsert does nothing to a document that is there',
    { a: 1 },
    { $setOnInsert: { a: 2 }, $set: { b: 1 } },
    { a: 1, b: 1 },
  ],
  [
    'several operators at once',
    { a: 1, b: 1, l: [] },
    { $inc: { a: 1 }, $unset: { b: '' }, $push: { l: 1 }, $set: { c: 1 } },
    { a: 2, l: [1], c: 1 },
  ],
];

const REFUSED: readonly (readonly [string, Update])[] = [
  ['$inc on a string', { $inc: { text: 1 } }],
  ['$inc by a string', { $inc: { n: 'x' } }],
  ['$push on a string', { $push: { text: 'x' } }],
  ['$addToSet on a string', { $addToSet: { text: 'x' } }],
  ['$pull on a string', { $pull: { text: 'x' } }],
  ['a change of _id', { $set: { _id: 'other' } }],
  ['$set through a string', { $set: { 'text.deep': 1 } }],
  ['two operators on one field', { $set: { n: 1 }, $inc: { n: 1 } }],
];

const REFUSED_ON_NULL: typeof REFUSED = [
  ['$inc on null', { $inc: { nothing: 1 } }],
  ['$push on null', { $push: { nothing: 'x' } }],
  ['$set through null', { $set: { 'nothing.deep': 1 } }],
];

/** The update language, what it refuses, and updates that race. */
export function updateContract({ collection, capabilities }: Fixture): void {
  describe('updateOne', () => {
    it.each(CASES)('%s', async (_title, before, update, after) => {
      const things = await collection({}, [
        { _id: 'a', ...before },
        { _id: 'b', untouched: true },
      ]);
      await things.updateOne({ _id: 'a' }, update);
      expect(await things.findOne({ _id: 'a' })).toStrictEqual({ _id: 'a', ...after });
      expect(await things.findOne({ _id: 'b' })).toStrictEqual({ _id: 'b', untouched: true });
    });

    it.each(REFUSED)('refuses %s and changes nothing', async (_title, update) => {
      const thing = { _id: 'a', text: 'text', nothing: null, n: 0, other: 1 };
      const things = await collection({}, [thing]);
      await expect(things.updateOne({ _id: 'a' }, update)).rejects.toBeInstanceOf(InvalidOperationError);
      await expect(things.findOneAndUpdate({ _id: 'a' }, update)).rejects.toBeInstanceOf(InvalidOperationError);
      await expect(things.updateMany({}, update)).rejects.toBeInstanceOf(InvalidOperationError);
      expect(await things.find({})).toEqual([thing]);
    });

    it.each(REFUSED_ON_NULL)('refuses %s, and changes nothing', async (_title, update) => {
      const things = await collection({}, [{ _id: 'a', nothing: null }]);
      const refused = things.updateOne({ _id: 'a' }, update);
      if (capabilities().refusesOperatorsOnNull) await expect(refused).rejects.toBeInstanceOf(InvalidOperationError);
      else await expect(refused).resolves.toMatchObject({ modifiedCount: 1 });
      expect(await things.countDocuments({ nothing: null })).toBe(capabilities().refusesOperatorsOnNull ? 1 : 0);
    });

    it('accepts the _id that the document has', async () => {
      const things = await collection({}, [{ _id: 'a' }]);
      await things.updateOne({ _id: 'a' }, { $set: { _id: 'a', n: 1 } });
      expect(await things.find({})).toEqual([{ _id: 'a', n: 1 }]);
    });

    it('changes one match only, and counts what matched and what changed', async () => {
      const things = await collection({}, [
        { _id: 'a', n: 1 },
        { _id: 'b', n: 1 },
      ]);
      expect(await things.updateOne({ n: 1 }, { $set: { n: 2 } })).toEqual({ matchedCount: 1, modifiedCount: 1 });
      expect(await things.countDocuments({ n: 2 })).toBe(1);
      expect(await things.updateOne({ n: 2 }, { $set: { n: 2 } })).toEqual({ matchedCount: 1, modifiedCount: 0 });
      expect(await things.updateOne({ n: 9 }, { $set: { n: 2 } })).toEqual({ matchedCount: 0, modifiedCount: 0 });
    });

    it('upserts from the equalities of the filter, $set and $setOnInsert', async () => {
      const things = await collection();
      const update: Update = { $set: { n: 1 }, $setOnInsert: { made: true } };
      const filter = { _id: 'a', 'nested.k': 'v', n: { $exists: false } };
      expect(await things.updateOne(filter, update, { upsert: true })).toEqual({
        matchedCount: 0,
        modifiedCount: 0,
        upsertedId: 'a',
      });
      expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', nested: { k: 'v' }, n: 1, made: true });
    });

    it('upserts nothing when a document matches', async () => {
      const things = await collection({}, [{ _id: 'a', n: 1 }]);
      expect(
        await things.updateOne({ _id: 'a' }, { $set: { n: 2 }, $setOnInsert: { made: true } }, { upsert: true }),
      ).toEqual({
        matchedCount: 1,
        modifiedCount: 1,
      });
      expect(await things.find({})).toEqual([{ _id: 'a', n: 2 }]);
    });

    it('takes the _id of an upsert from $setOnInsert', async () => {
      const things = await collection();
      const update: Update = { $setOnInsert: { _id: 'x', made: true } };
      expect(await things.updateOne({ key: 'k' }, update, { upsert: true })).toMatchObject({ upsertedId: 'x' });
      expect(await things.find({})).toEqual([{ _id: 'x', key: 'k', made: true }]);
    });
  });

  describe('updateMany', () => {
    it('changes every match and counts', async () => {
      const things = await collection({}, [
        { _id: 'a', n: 1 },
        { _id: 'b', n: 1, seen: true },
        { _id: 'c', n: 2 },
      ]);
      expect(await things.updateMany({ n: 1 }, { $set: { seen: true } })).toEqual({
        matchedCount: 2,
        modifiedCount: 1,
      });
      expect(await things.countDocuments({ seen: true })).toBe(2);
      expect(await things.updateMany({ n: 9 }, { $set: { seen: true } })).toEqual({
        matchedCount: 0,
        modifiedCount: 0,
      });
    });
  });

  describe('findOneAndUpdate', () => {
    it('gives the document after the update, or before it when asked', async () => {
      const things = await collection({}, [{ _id: 'a', n: 1 }]);
      expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } })).toEqual({ _id: 'a', n: 2 });
      expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, { returnDocument: 'after' })).toEqual({
        _id: 'a',
        n: 3,
      });
      expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, { returnDocument: 'before' })).toEqual({
        _id: 'a',
        n: 3,
      });
      expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 4 });
    });

    it('gives null when nothing matches, and writes nothing', async () => {
      const things = await collection({}, [{ _id: 'a', n: 1 }]);
      expect(await things.findOneAndUpdate({ _id: 'b' }, { $set: { n: 2 } })).toBeNull();
      expect(await things.find({})).toEqual([{ _id: 'a', n: 1 }]);
    });

    it('takes the first by the order asked for', async () => {
      const things = await collection({}, [
        { _id: 'a', n: 1 },
        { _id: 'b', n: 3 },
        { _id: 'c', n: 2 },
      ]);
      expect((await things.findOneAndUpdate({}, { $set: { taken: true } }, { sort: { n: -1 } }))?._id).toBe('b');
      expect(
        (await things.findOneAndUpdate({ taken: null }, { $set: { taken: true } }, { sort: { n: -1 } }))?._id,
      ).toBe('c');
    });

    it('upserts: the new document after, null before', async () => {
      const things = await collection();
      expect(await things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, { upsert: true })).toEqual({
        _id: 'a',
        n: 1,
      });
      expect(
        await things.findOneAndUpdate({ _id: 'b' }, { $inc: { n: 1 } }, { upsert: true, returnDocument: 'before' }),
      ).toBeNull();
      expect(await things.countDocuments({})).toBe(2);
    });

    it('lets exactly one of twenty racers through a guard by version', async () => {
      const things = await collection({}, [{ _id: 'a', version: 1 }]);
      const racers = Array.from({ length: 20 }, (_, winner) =>
        things.findOneAndUpdate({ _id: 'a', version: 1 }, { $set: { winner }, $inc: { version: 1 } }),
      );
      const winners = (await Promise.all(racers)).filter(document => document !== null);
      expect(winners).toHaveLength(1);
      expect(await things.findOne({ _id: 'a' })).toEqual(winners[0]);
      expect(winners[0]?.['version']).toBe(2);
    });

    it('loses none of a hundred increments at once, and gives each its own', async () => {
      const things = await collection({}, [{ _id: 'a', n: 0 }]);
      const results = await Promise.all(
        Array.from({ length: 100 }, () => things.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } })),
      );
      const given = new Set(results.map(document => document?.['n']));
      // A server that gives away the document itself, and not a copy, may show an update that came after.
      if (capabilities().returnsOwnUpdate) expect(given.size).toBe(100);
      expect((await things.findOne({ _id: 'a' }))?.['n']).toBe(100);
    });

    it('makes one document of twenty upserts at once, by a unique index', async () => {
      const things = await collection({ indexes: [{ name: 'key_unique', key: { key: 1 }, unique: true }] });
      const upsert = (n: number) =>
        things.updateOne({ key: 'k' }, { $setOnInsert: { _id: `id${n}` }, $inc: { hits: 1 } }, { upsert: true });
      const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => upsert(n)));
      const done = results.filter(({ status }) => status === 'fulfilled').length;
      expect(await things.find({})).toMatchObject([{ key: 'k', hits: done }]);
    });
  });
}
