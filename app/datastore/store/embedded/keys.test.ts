import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { descending, EMPTY_LIST_KEY, type Key, NULL_KEY, successor, textOfKey, valueKey } from './keys.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', 'é', '\uffff', '😀') }),
);
const scalar = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.integer(),
  text,
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
);

/** MongoDB's order of scalars, written down a second time and plainly. */
function compareScalars(one: unknown, other: unknown): number {
  const kindOf = (value: unknown): number =>
    value instanceof Date ? 4 : ['object', 'number', 'string', 'boolean'].indexOf(typeof value);
  if (kindOf(one) !== kindOf(other)) return kindOf(one) - kindOf(other);
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)));
  return Math.sign(Number(one) - Number(other)) || 0;
}

const compareKeys = (one: Key, other: Key): number =>
  Buffer.compare(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1'));

describe('the key of a value', () => {
  it('sorts as MongoDB sorts the value', () => {
    fc.assert(
      fc.property(scalar, scalar, (one, other) => {
        expect(Math.sign(compareKeys(valueKey(one), valueKey(other)))).toBe(Math.sign(compareScalars(one, other)));
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts the other way round when it is descending', () => {
    fc.assert(
      fc.property(scalar, scalar, (one, other) => {
        const inverted = compareKeys(descending(valueKey(other)), descending(valueKey(one)));
        expect(Math.sign(inverted)).toBe(Math.sign(compareKeys(valueKey(one), valueKey(other))));
      }),
    );
  });

  it('is never the beginning of the key of another value', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 2 }), fc.anything({ maxDepth: 2 }), (one, other) => {
        const [short, long] = [valueKey(one), valueKey(other)].sort((a, b) => a.length - b.length);
        if (short !== long) expect(long?.startsWith(short ?? '')).toBe(false);
      }),
    );
  });

  it('holds the text of a string', () => {
    fc.assert(
      fc.property(text, value => {
        expect(textOfKey(valueKey(value))).toBe(value);
      }),
    );
  });

  it('takes undefined for null, -0 for 0, and puts an empty list below null', () => {
    expect(valueKey(undefined)).toBe(NULL_KEY);
    expect(valueKey(-0)).toBe(valueKey(0));
    expect(EMPTY_LIST_KEY < NULL_KEY).toBe(true);
  });

  it('puts NaN below all numbers, documents and lists between strings and booleans', () => {
    const ordered = [null, NaN, -Infinity, 1, 'z', { a: 1 }, { a: 1, b: 0 }, { a: 2 }, [1], [1, 0], [2], false];
    const keys = ordered.map(valueKey);
    expect([...keys].sort()).toEqual(keys);
  });

  it('is followed by its successor, and by nothing that begins with it after that', () => {
    fc.assert(
      fc.property(scalar, scalar, (one, tail) => {
        const key = valueKey(one);
        expect(key + valueKey(tail) < successor(key)).toBe(true);
        expect(successor(key) > key).toBe(true);
      }),
    );
  });
});
