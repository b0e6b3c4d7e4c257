import { describe, expect, it } from '@jest/globals';
import { InvalidOperationError, type Update } from '../collection.ts';
import { compileUpdate } from './update.ts';
import { type Document, storableFields } from './values.ts';

function updated(fields: object, update: Update): Document {
  return compileUpdate(update).apply(storableFields({ _id: 'x', ...fields }) as Document);
}

describe('an update', () => {
  it.each<[string, object, Update, object]>([
    ['$mul', { a: 3 }, { $mul: { a: 2, b: 5 } }, { a: 6, b: 0 }],
    ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c', missing: 'd' } }, { b: 2, c: 1 }],
    ['$rename over a field that is there', { a: 1, b: 2 }, { $rename: { a: 'b' } }, { b: 1 }],
    ['$push with $position', { a: [1, 2] }, { $push: { a: { $each: [9], $position: 1 } } }, { a: [1, 9, 2] }],
    ['$push with $slice of nothing', { a: [1] }, { $push: { a: { $each: [2], $slice: 0 } } }, { a: [] }],
    ['$push with $slice of the first', { a: [1] }, { $push: { a: { $each: [2, 3], $slice: 2 } } }, { a: [1, 2] }],
    ['$push with $slice into nothing', {}, { $push: { a: { $each: [1, 2, 3], $slice: -2 } } }, { a: [2, 3] }],
    ['$push with $sort of values', { a: [3, 1] }, { $push: { a: { $each: [2], $sort: -1 } } }, { a: [3, 2, 1] }],
    [
      '$push with $sort by two fields',
      { a: [{ k: 1, l: 1 }] },
      {
        $push: {
          a: {
            $each: [
              { k: 1, l: 2 },
              { k: 0, l: 0 },
            ],
            $sort: { k: 1, l: -1 },
          },
        },
      },
      {
        a: [
          { k: 0, l: 0 },
          { k: 1, l: 2 },
          { k: 1, l: 1 },
        ],
      },
    ],
    [
      '$push of a document that has a field like a modifier of another operator',
      {},
      { $push: { a: { slice: 1 } } },
      { a: [{ slice: 1 }] },
    ],
    [
      '$addToSet, by the order of fields',
      { a: [{ k: 1, l: 2 }] },
      { $addToSet: { a: { l: 2, k: 1 } } },
      {
        a: [
          { k: 1, l: 2 },
          { l: 2, k: 1 },
        ],
      },
    ],
    ['$pull by a regular expression', { a: ['ab', 'b'] }, { $pull: { a: /^a/ } }, { a: ['b'] }],
    ['$set beyond the end of a list', { a: [1] }, { $set: { 'a.3': 4 } }, { a: [1, null, null, 4] }],
    ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    [
      '$unset below a scalar, in a list, or of what is not there',
      { a: 1, l: [1] },
      { $unset: { 'a.b': '', 'c.d': '', 'l.k': '' } },
      { a: 1, l: [1] },
    ],
    ['$min across kinds of values', { a: 'text' }, { $min: { a: 5 } }, { a: 5 }],
  ])('carries out %s', (_title, before, update, after) => {
    expect(updated(before, update)).toStrictEqual({ _id: 'x', ...after });
  });

  it('sets the current date', () => {
    const { at } = updated({}, { $currentDate: { at: true } });
    expect(at).toBeInstanceOf(Date);
  });

  it('keeps the order of fields, and appends new ones', () => {
    const short = updated({ c: 1, a: 1, b: 1 }, { $set: { z: 1, a: 2 }, $unset: { c: '' } });
    const long = updated({ c: 1, a: { k: 1 }, b: 1 }, { $set: { 'a.k': 2 }, $inc: { z: 1 } });
    expect(Object.keys(short)).toEqual(['_id', 'a', 'b', 'z']);
    expect(Object.keys(long)).toEqual(['_id', 'c', 'a', 'b', 'z']);
  });

  it('shares with the old document what it leaves alone, and freezes what it makes', () => {
    const before = storableFields({ _id: 'x', a: { deep: { k: 1 } }, b: { k: 1 } }) as Document;
    const after = compileUpdate({ $set: { 'a.deep.k': 2 } }).apply(before);
    expect(after['b']).toBe(before['b']);
    expect(before).toEqual({ _id: 'x', a: { deep: { k: 1 } }, b: { k: 1 } });
    const { deep } = after['a'] as { deep: object };
    expect([after, after['a'], deep].every(Object.isFrozen)).toBe(true);
  });

  it.each<[Update]>([
    [{ $set: { a: 1, 'b.c': 1 } }],
    [{ $set: { a: 1 } }],
    [{ $unset: { missing: '' } }],
    [{ $addToSet: { list: 1 } }],
    [{ $pull: { list: 9 } }],
    [{ $max: { a: 0 } }],
    [{ $inc: { a: 0 } }],
    [{}],
  ])('that changes nothing gives back the very document: %j', update => {
    const before = storableFields({ _id: 'x', a: 1, b: { c: 1 }, list: [1] }) as Document;
    expect(compileUpdate(update).apply(before)).toBe(before);
  });

  it.each<[string, object]>([
    ['an operator that is not known', { $frobnicate: { a: 1 } }],
    ['a replacement', { a: 1 }],
    ['an operator without an object', { $set: 1 }],
    ['an empty name', { $set: { '': 1 } }],
    ['an empty part of a name', { $set: { 'a..b': 1 } }],
    ['a positional operator', { $set: { 'list.$.k': 1 } }],
    ['__proto__', { $set: { '__proto__.polluted': 1 } }],
    ['a field and one inside it', { $set: { 'a.b': 1 }, $unset: { a: '' } }],
    ['a new name that another operator sets', { $rename: { a: 'b' }, $set: { b: 1 } }],
    ['a name inside a list', { $set: { 'list.k': 1 } }],
    ['an element far beyond the end', { $set: { 'list.99999999': 1 } }],
    ['$mul of a text', { $mul: { text: 2 } }],
    ['$each that is no list', { $push: { list: { $each: 1 } } }],
    ['$push with a modifier that is not known', { $push: { list: { $each: [1], $first: 1 } } }],
    ['$slice by a part', { $push: { list: { $each: [1], $slice: 0.5 } } }],
    ['$sort by a text', { $push: { list: { $each: [1], $sort: 'up' } } }],
    ['$currentDate of another kind', { $currentDate: { at: { $type: 'timestamp' } } }],
    ['$rename to a number', { $rename: { a: 1 } }],
    ['a value that cannot be stored', { $set: { a: () => 1 } }],
  ])('is refused: %s', (_title, update) => {
    expect(() => updated({ a: 1, list: [1], text: 't' }, update as Update)).toThrow(InvalidOperationError);
  });
});
