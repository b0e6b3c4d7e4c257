import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from 'mongodb';
import { InvalidOperationError } from '../collection.ts';
import { createIdCodec } from './id-codec.ts';

const A = 'a'.repeat(24);
const B = 'b'.repeat(24);
const idA = new ObjectId(A);
const idB = new ObjectId(B);

const codec = createIdCodec(['_id', 'campaignId', 'promoterIds', 'event.venue.id', 'links.targetId']);

describe('an id codec', () => {
  it('turns the ids of a document into ObjectIds, and nothing else', () => {
    const document = {
      _id: A,
      campaignId: B,
      promoterIds: [A, B],
      event: { venue: { id: A, other: A } },
      links: [{ targetId: A }, { targetId: 'none' }, null],
      text: A,
    };
    expect(codec.encodeDocument(document)).toEqual({
      _id: idA,
      campaignId: idB,
      promoterIds: [idA, idB],
      event: { venue: { id: idA, other: A } },
      links: [{ targetId: idA }, { targetId: 'none' }, null],
      text: A,
    });
    expect(document).toMatchObject({
      _id: A,
      promoterIds: [A, B],
      event: { venue: { id: A } },
      links: [{ targetId: A }, {}, null],
    });
  });

  it('leaves strings that are no ids alone: other lengths, other characters, upper case', () => {
    for (const text of ['', 'a', 'a'.repeat(25), 'g'.repeat(24), 'A'.repeat(24)]) {
      expect(codec.encodeDocument({ _id: text })).toEqual({ _id: text });
      expect(codec.encodeFilter({ _id: text })).toEqual({ _id: text });
    }
  });

  it('shares what holds no ids instead of copying it', () => {
    const big = { nested: [1, 2, 3] };
    const event = { venue: { name: 'x' } };
    const encoded = codec.encodeDocument({ _id: A, big, event });
    expect(encoded['big']).toBe(big);
    expect(encoded['event']).toBe(event);
  });

  it('does not take dates, patterns and other objects apart', () => {
    const at = new Date();
    const document = { event: at, links: /x/, campaignId: idB };
    expect(codec.encodeDocument(document)).toBe(document);
    expect(codec.decodeDocument({ event: at })).toEqual({ event: at });
  });

  it.each([
    ['equality', { _id: A }, { _id: idA }],
    ['operators', { _id: { $gt: A, $ne: B } }, { _id: { $gt: idA, $ne: idB } }],
    ['lists of ids', { _id: { $in: [A, null], $nin: [B] } }, { _id: { $in: [idA, null], $nin: [idB] } }],
    ['$not', { _id: { $not: { $in: [A] } } }, { _id: { $not: { $in: [idA] } } }],
    [
      'combinations',
      { $or: [{ _id: A }, { $and: [{ $nor: [{ campaignId: B }] }] }] },
      { $or: [{ _id: idA }, { $and: [{ $nor: [{ campaignId: idB }] }] }] },
    ],
    ['dotted paths', { 'event.venue.id': A }, { 'event.venue.id': idA }],
    [
      'places in a list',
      { 'links.0.targetId': A, 'promoterIds.1': B },
      { 'links.0.targetId': idA, 'promoterIds.1': idB },
    ],
    [
      '$elemMatch',
      { links: { $elemMatch: { targetId: A, n: 1 } } },
      { links: { $elemMatch: { targetId: idA, n: 1 } } },
    ],
    [
      '$elemMatch on values',
      { promoterIds: { $elemMatch: { $in: [A] } } },
      { promoterIds: { $elemMatch: { $in: [idA] } } },
    ],
    ['whole documents', { event: { venue: { id: A } } }, { event: { venue: { id: idA } } }],
    [
      '$exists and $regex as they are',
      { _id: { $exists: true }, text: { $regex: A } },
      { _id: { $exists: true }, text: { $regex: A } },
    ],
    ['other fields as they are', { text: A, 'event.id': B }, { text: A, 'event.id': B }],
  ])('turns the ids of a filter: %s', (_title, filter, expected) => {
    expect(codec.encodeFilter(filter)).toEqual(expected);
  });

  it.each([
    ['a field', { text: undefined }, 'text'],
    ['an operator', { text: { $gt: undefined } }, '$gt'],
    ['a list', { text: { $in: [undefined] } }, '$in'],
    ['a branch', { $or: [{ text: undefined }] }, 'text'],
    ['$elemMatch', { links: { $elemMatch: { targetId: undefined } } }, 'targetId'],
  ])('refuses undefined in a filter, which MongoDB would not see: %s', (_title, filter, named) => {
    expect(() => codec.encodeFilter(filter)).toThrow(InvalidOperationError);
    expect(() => codec.encodeFilter(filter)).toThrow(named);
  });

  it.each([
    [
      '$set',
      { $set: { campaignId: A, text: A, 'event.venue.id': B } },
      { $set: { campaignId: idA, text: A, 'event.venue.id': idB } },
    ],
    ['$set of a whole field', { $set: { links: [{ targetId: A }] } }, { $set: { links: [{ targetId: idA }] } }],
    ['$setOnInsert', { $setOnInsert: { _id: A } }, { $setOnInsert: { _id: idA } }],
    [
      '$push',
      { $push: { promoterIds: A, links: { targetId: B } } },
      { $push: { promoterIds: idA, links: { targetId: idB } } },
    ],
    [
      '$push with $each',
      { $push: { promoterIds: { $each: [A], $slice: -5 } } },
      { $push: { promoterIds: { $each: [idA], $slice: -5 } } },
    ],
    ['$addToSet', { $addToSet: { promoterIds: A } }, { $addToSet: { promoterIds: idA } }],
    ['$pull', { $pull: { promoterIds: A } }, { $pull: { promoterIds: idA } }],
    ['$pull with $in', { $pull: { promoterIds: { $in: [A, B] } } }, { $pull: { promoterIds: { $in: [idA, idB] } } }],
    [
      '$pull by a field',
      { $pull: { links: { targetId: { $in: [A] } } } },
      { $pull: { links: { targetId: { $in: [idA] } } } },
    ],
    [
      '$unset and $inc as they are',
      { $unset: { campaignId: '' }, $inc: { version: 1 } },
      { $unset: { campaignId: '' }, $inc: { version: 1 } },
    ],
    ['the positional $', { $set: { 'links.$.targetId': A } }, { $set: { 'links.$.targetId': idA } }],
  ])('turns the ids of an update: %s', (_title, update, expected) => {
    expect(codec.encodeUpdate(update)).toEqual(expected);
  });

  it('gives the values of a field as strings', () => {
    expect(codec.decodeValue('promoterIds', idA)).toBe(A);
    expect(codec.decodeValue('event.venue', { id: idA })).toEqual({ id: A });
    expect(codec.decodeValue('text', 'x')).toBe('x');
    expect(codec.decodeDocument(null)).toBeNull();
  });

  it('gives back every document as it was', () => {
    const value = fc.oneof(fc.constantFrom(A, B, 'text', null, 7), fc.jsonValue());
    const document = fc.record(
      {
        _id: value,
        campaignId: value,
        promoterIds: fc.array(value),
        event: fc.record({ venue: value }),
        links: fc.array(fc.record({ targetId: value })),
        text: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(document, given => {
        const before = structuredClone(given);
        expect(codec.decodeDocument(structuredCloneOf(codec.encodeDocument(given)))).toEqual(before);
        expect(given).toEqual(before);
      }),
    );
  });
});

/** A copy that keeps ObjectIds, as the way through the driver does. */
function structuredCloneOf(value: unknown): unknown {
  if (value instanceof ObjectId || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(structuredCloneOf);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCloneOf(inner)]));
}
