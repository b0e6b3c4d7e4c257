import { describe, expect, it } from '@jest/globals';
import { type Filter, InvalidOperationError } from '../../../app/datastore/store/collection.ts';
import { idsOf, type Fixture, type Thing } from './fixture.ts';

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));

const THINGS: readonly Thing[] = [
  {
    _id: 'a',
    name: 'Alpha',
    rank: 1,
    tags: ['x', 'y'],
    at: day(1),
    place: { city: 'Lyon', zip: null },
    items: [
      { k: 'p', n: 1 },
      { k: 'q', n: 5 },
    ],
  },
  { _id: 'b', name: 'beta', rank: 2, tags: [], at: day(2), place: { city: 'Bern' }, items: [{ k: 'p', n: 5 }] },
  { _id: 'c', name: 'Gamma', rank: '2', tags: ['y'], at: null, place: null, items: [] },
  { _id: 'd', name: 'alphabet', rank: 3.5, tags: 'x', at: day(4), open: true },
  { _id: 'e', name: 'a.b', rank: null, tags: ['x', null], place: { city: 'Lyon', zip: '69' }, open: false },
];

const CASES: readonly (readonly [string, Filter, string])[] = [
  ['everything', {}, 'abcde'],
  ['a value', { name: 'beta' }, 'b'],
  ['several fields at once', { 'place.city': 'Lyon', tags: 'y' }, 'a'],
  ['a number, not the string that looks like it', { rank: 2 }, 'b'],
  ['a boolean', { open: false }, 'e'],
  ['a date', { at: day(2) }, 'b'],
  ['null: fields that are null or missing', { open: null }, 'abc'],
  ['null: dates that are null or missing', { at: null }, 'ce'],
  ['null on a dotted path', { 'place.zip': null }, 'abcd'],
  ['an element of a list', { tags: 'x' }, 'ade'],
  ['a whole list', { tags: ['x', 'y'] }, 'a'],
  ['an empty list', { tags: [] }, 'b'],
  ['a whole nested document', { place: { city: 'Bern' } }, 'b'],
  ['a dotted path through a list of documents', { 'items.n': 5 }, 'ab'],
  ['a dotted path with a place in the list', { 'items.1.k': 'q' }, 'a'],
  ['$eq', { rank: { $eq: 1 } }, 'a'],
  ['$ne, missing fields too', { open: { $ne: true } }, 'abce'],
  ['$ne on a list', { tags: { $ne: 'x' } }, 'bc'],
  ['$ne null', { at: { $ne: null } }, 'abd'],
  ['$in', { rank: { $in: [1, 3.5] } }, 'ad'],
  ['$in on a list', { tags: { $in: ['y', 'z'] } }, 'ac'],
  ['$in with null', { open: { $in: [null, true] } }, 'abcd'],
  ['$in of nothing', { rank: { $in: [] } }, ''],
  ['$nin', { rank: { $nin: [1, '2'] } }, 'bde'],
  ['$nin on a list', { tags: { $nin: ['x'] } }, 'bc'],
  ['$nin with null', { open: { $nin: [null] } }, 'de'],
  ['$gt, numbers only', { rank: { $gt: 1 } }, 'bd'],
  ['$gte and $lt', { rank: { $gte: 2, $lt: 3.5 } }, 'b'],
  ['$lte on dates, never null or missing', { at: { $lte: day(2) } }, 'ab'],
  ['$gt and $lt on strings', { name: { $gt: 'a', $lt: 'b' } }, 'de'],
  ['$or', { $or: [{ rank: 1 }, { open: true }] }, 'ad'],
  ['$or beside a field', { tags: 'x', $or: [{ rank: 1 }, { rank: null }] }, 'ae'],
  ['$and', { $and: [{ tags: 'x' }, { tags: 'y' }] }, 'a'],
  ['$nor', { $nor: [{ tags: 'x' }, { rank: 2 }] }, 'c'],
  ['$not', { rank: { $not: { $gt: 1 } } }, 'ace'],
  ['$not with $in', { tags: { $not: { $in: ['x'] } } }, 'bc'],
  ['$elemMatch: one element meets all', { items: { $elemMatch: { k: 'p', n: 5 } } }, 'b'],
  ['two dotted conditions: different elements may meet them', { 'items.k': 'p', 'items.n': 5 }, 'ab'],
  ['$elemMatch with operators', { items: { $elemMatch: { n: { $gte: 2, $lt: 6 } } } }, 'ab'],
  ['$elemMatch on values', { tags: { $elemMatch: { $gte: 'x', $lt: 'y' } } }, 'ae'],
  ['$exists', { open: { $exists: true } }, 'de'],
  ['$exists false', { open: { $exists: false } }, 'abc'],
  ['$exists: null exists', { at: { $exists: true } }, 'abcd'],
  ['$exists on a dotted path', { 'place.zip': { $exists: true } }, 'ae'],
  ['$regex', { name: { $regex: '^alpha' } }, 'd'],
  ['$regex with $options', { name: { $regex: '^alpha', $options: 'i' } }, 'ad'],
  ['$regex with an escaped dot', { name: { $regex: 'a\\.b' } }, 'e'],
  ['$all', { tags: { $all: ['y', 'x'] } }, 'a'],
  ['$size', { tags: { $size: 1 } }, 'c'],
];

/** The filter language, over one small set of documents. */
export function filterContract({ collection }: Fixture): void {
  describe('a filter matches', () => {
    it.each(CASES)('%s', async (_title, filter, expected) => {
      const things = await collection({}, THINGS);
      expect(idsOf(await things.find(filter, { sort: { _id: 1 } })).join('')).toBe(expected);
      expect(await things.countDocuments(filter)).toBe(expected.length);
    });

    // An index must never change what is found.
    it.each(CASES)('%s, with indexes over every field', async (_title, filter, expected) => {
      const fields = ['name', 'rank', 'tags', 'at', 'open', 'place.city', 'place.zip', 'items.n', 'items.k'];
      const indexes = fields.flatMap(field => [
        { name: `${field}_1`, key: { [field]: 1 } as const },
        { name: `${field}_id`, key: { [field]: -1, _id: 1 } as const, sparse: true },
      ]);
      const things = await collection({ indexes }, THINGS);
      expect(idsOf(await things.find(filter, { sort: { _id: 1 } })).join('')).toBe(expected);
      expect(await things.countDocuments(filter)).toBe(expected.length);
    });
  });

  // Left out, as in a document, it would match everything: `deleteMany({ campaignId: undefined })` must not empty a collection.
  it.each([
    ['a field', { name: undefined }],
    ['an operator', { name: { $ne: undefined } }],
    ['an element of $in', { name: { $in: ['x', undefined] } }],
    ['a branch of $or', { $or: [{ name: 'Alpha' }, { name: undefined }] }],
  ])('a filter with undefined in %s is refused', async (_title, filter) => {
    const things = await collection({}, THINGS);
    await expect(things.find(filter)).rejects.toBeInstanceOf(InvalidOperationError);
    await expect(things.deleteMany(filter)).rejects.toBeInstanceOf(InvalidOperationError);
    expect(await things.countDocuments({})).toBe(THINGS.length);
  });
}
