import { describe, expect, it } from '@jest/globals';
import { InvalidOperationError } from '../collection.ts';
import { isSameValue, storableCopy } from './values.ts';

describe('a copy to be stored', () => {
  it('is frozen through and through, and shares nothing with what it was made of', () => {
    const date = new Date(5);
    const source = { list: [{ k: 1 }], date };
    const copy = storableCopy(source) as typeof source;
    source.list[0] = { k: 2 };
    date.setTime(6);
    expect(copy).toEqual({ list: [{ k: 1 }], date: new Date(5) });
    expect([copy, copy.list, copy.list[0]].every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(source)).toBe(false);
  });

  it('leaves out undefined fields, and has null for undefined in a list', () => {
    expect(storableCopy({ a: undefined, b: [undefined, 1] })).toStrictEqual({ b: [null, 1] });
  });

  it('is what a later read gives: no -0, no half characters', () => {
    expect(storableCopy(-0)).toBe(0);
    expect(storableCopy('a\ud800b')).toBe('a\ufffdb');
    expect(storableCopy('😀')).toBe('😀');
  });

  it.each([
    ['a function', () => undefined],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['an instance of a class', new Map()],
    ['a regular expression', /a/],
    ['an invalid date', new Date(NaN)],
    ['a field called __proto__', JSON.parse('{"__proto__": 1}') as unknown],
  ])('is refused of %s', (_title, value) => {
    expect(() => storableCopy({ value })).toThrow(InvalidOperationError);
  });
});

describe('equality', () => {
  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, false],
    [{ a: [1, { b: new Date(1) }] }, { a: [1, { b: new Date(1) }] }, true],
    [new Date(1), new Date(2), false],
    [new Date(1), 1, false],
    [[1], { 0: 1 }, false],
    [null, {}, false],
    [NaN, NaN, true],
    [{ a: undefined }, {}, false],
    [new Uint8Array([1]), new Uint8Array([1]), true],
    ['1', 1, false],
  ])('of %j and %j is %s', (one, other, expected) => {
    expect(isSameValue(one, other)).toBe(expected);
    expect(isSameValue(other, one)).toBe(expected);
  });
});
