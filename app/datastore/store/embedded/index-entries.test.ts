import { describe, expect, it } from '@jest/globals';
import { InvalidOperationError, type IndexSpec } from '../collection.ts';
import { newIndex } from './index-definition.ts';
import { entryKeys, isTouched } from './index-entries.ts';
import { descending, EMPTY_LIST_KEY, type Key, valueKey } from './keys.ts';
import { type Fields } from './values.ts';

const ID = valueKey('x');

/** The keys of a document's entries, without what all of them have in common. */
function keysOf(spec: Omit<IndexSpec, 'name'>, fields: Fields): Key[] {
  const index = newIndex({ name: 'tested', ...spec }, 7);
  return entryKeys(index, { _id: 'x', ...fields }).map(key => {
    expect(key.startsWith(index.prefix)).toBe(true);
    return key.slice(index.prefix.length);
  });
}

describe('the entries of a document', () => {
  it.each<[string, Omit<IndexSpec, 'name'>, Fields, Key[]]>([
    ['one value', { key: { a: 1 } }, { a: 1 }, [valueKey(1) + ID]],
    ['a unique value, without the _id', { key: { a: 1 }, unique: true }, { a: 1 }, [valueKey(1)]],
    ['an index that holds the _id itself', { key: { a: 1, _id: 1 } }, { a: 1 }, [valueKey(1) + ID]],
    ['a missing value', { key: { a: 1 } }, {}, [valueKey(null) + ID]],
    ['a missing value, sparse', { key: { a: 1 }, sparse: true }, {}, []],
    ['null, sparse', { key: { a: 1 }, sparse: true }, { a: null }, [valueKey(null) + ID]],
    ['one of two fields, sparse', { key: { a: 1, b: 1 }, sparse: true }, { b: 1 }, [valueKey(null) + valueKey(1) + ID]],
    ['none of two fields, sparse', { key: { a: 1, b: 1 }, sparse: true }, { c: 1 }, []],
    ['a descending field', { key: { a: -1 } }, { a: 1 }, [descending(valueKey(1)) + ID]],
    ['a dotted path', { key: { 'a.b': 1 } }, { a: { b: 1 } }, [valueKey(1) + ID]],
    ['a dotted path through a scalar', { key: { 'a.b': 1 } }, { a: 'text' }, [valueKey(null) + ID]],
    ['a list, each element once', { key: { a: 1 } }, { a: [1, 2, 1] }, [valueKey(1) + ID, valueKey(2) + ID]],
    ['an empty list', { key: { a: 1 }, sparse: true }, { a: [] }, [EMPTY_LIST_KEY + ID]],
    ['a list in a list, whole', { key: { a: 1 } }, { a: [[1, 2]] }, [valueKey([1, 2]) + ID]],
    [
      'a path through a list',
      { key: { 'a.b': 1 } },
      { a: [{ b: 1 }, { b: [2, 3] }] },
      [1, 2, 3].map(n => valueKey(n) + ID),
    ],
    ['a path through an empty list, sparse', { key: { 'a.b': 1 }, sparse: true }, { a: [] }, []],
    ['a path through a list of scalars, sparse', { key: { 'a.b': 1 }, sparse: true }, { a: [1] }, []],
    [
      'elements without the field',
      { key: { 'a.b': 1 } },
      { a: [{ b: 1 }, {}, 2] },
      [valueKey(1) + ID, valueKey(null) + ID],
    ],
    [
      'elements without the field, sparse',
      { key: { 'a.b': 1 }, sparse: true },
      { a: [{ b: 1 }, {}] },
      [valueKey(1) + ID],
    ],
    [
      'elements without the field, sparse, beside a value',
      { key: { 'a.b': 1, c: 1 }, sparse: true },
      { a: [{ b: 1 }, {}], c: 2 },
      [valueKey(1) + valueKey(2) + ID, valueKey(null) + valueKey(2) + ID],
    ],
    [
      'a list between values, descending',
      { key: { c: 1, a: -1, d: 1 } },
      { a: [1, 2], c: 'x', d: 'y' },
      [1, 2].map(n => valueKey('x') + descending(valueKey(n)) + valueKey('y') + ID),
    ],
    [
      'two fields of the same elements',
      { key: { 'a.b': 1, 'a.c': 1 } },
      { a: [{ b: 1, c: 2 }, { b: 3 }] },
      [valueKey(1) + valueKey(2) + ID, valueKey(3) + valueKey(null) + ID],
    ],
  ])('of %s', (_title, spec, fields, expected) => {
    expect(keysOf(spec, fields)).toEqual(expected);
  });

  it('cannot be made of two lists', () => {
    expect(() => keysOf({ key: { a: 1, b: 1 } }, { a: [1], b: [2] })).toThrow(InvalidOperationError);
  });

  it('cannot be longer than the store allows, and the longest that fits is whole', () => {
    expect(() => keysOf({ key: { a: 1 } }, { a: 'é'.repeat(1000) })).toThrow(InvalidOperationError);
    expect(keysOf({ key: { a: 1 } }, { a: 'é'.repeat(900) })).toEqual([valueKey('é'.repeat(900)) + ID]);
  });

  it('tell the index which of its fields have held lists', () => {
    const index = newIndex({ name: 'tested', key: { a: 1, 'b.c': 1 } }, 7);
    entryKeys(index, { _id: 'x', a: 1, b: { c: 1 } });
    expect(index.listFields).toBe(0);
    entryKeys(index, { _id: 'x', a: 1, b: [{ c: 1 }] });
    expect(index.listFields).toBe(2);
  });
});

describe('an index', () => {
  const index = newIndex({ name: 'tested', key: { 'a.b': 1 } }, 7);
  const list = [1];
  it.each<[string, Fields, Fields, boolean]>([
    ['the same document', { a: { b: list } }, { a: { b: list } }, false],
    ['an equal value', { a: { b: new Date(1) } }, { a: { b: new Date(1), c: 1 } }, false],
    ['another field', { a: { b: 1 }, c: 1 }, { a: { b: 1 }, c: 2 }, false],
    ['another value', { a: { b: 1 } }, { a: { b: 2 } }, true],
    ['a value that goes', { a: { b: 1 } }, {}, true],
    ['a list on the way', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, true],
  ])('is touched by a change, not by what stays: %s', (_title, before, after, expected) => {
    expect(isTouched(index, { _id: 'x', ...before }, { _id: 'x', ...after })).toBe(expected);
  });

  it.each([[{}], [{ 'a.0': 1 }], [{ 'a.$': 1 }], [{ '': 1 }], [{ 'a..b': 1 }]])('is refused over %j', key => {
    expect(() => newIndex({ name: 'tested', key: key as never }, 7)).toThrow(InvalidOperationError);
  });
});
