import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Query } from 'mingo';
import { type Filter, InvalidOperationError } from '../collection.ts';
import { assertFilter } from './filter-syntax.ts';
import { compileFilter } from './predicate.ts';

const scalar = fc.oneof(
  fc.integer({ min: -1, max: 2 }),
  fc.constantFrom('', 'a', 'b', 'ab'),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(new Date(0), new Date(1)),
);
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.record({ b: scalar }, { noNullPrototype: true }),
  fc.array(fc.record({ b: scalar }, { noNullPrototype: true }), { maxLength: 2 }),
);
const comparable = scalar.filter(operand => operand !== null);
const operand = fc.oneof(
  scalar,
  fc.record({ $eq: scalar }),
  fc.record({ $ne: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $gt: comparable }),
  fc.record({ $gte: comparable, $lt: comparable }),
  fc.record({ $lte: comparable, $exists: fc.boolean() }),
);

describe('a filter', () => {
  it('judges as mingo does, where it decides by itself', () => {
    fc.assert(
      fc.property(
        fc.record({ a: value }, { requiredKeys: [], noNullPrototype: true }),
        fc.constantFrom('a', 'a.b'),
        operand,
        (document, field, wanted) => {
          const filter = { [field]: wanted };
          expect(compileFilter(filter)(document)).toBe(new Query(filter).test(document));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each<[string, Filter]>([
    ['$where', { $where: 'true' }],
    ['$where in a branch', { $or: [{ a: 1 }, { $where: 'true' }] }],
    ['a function', { a: () => true }],
    ['undefined', { a: undefined }],
    ['undefined deep inside', { a: { $elemMatch: { b: { $gt: undefined } } } }],
    ['a function of an expression', { $expr: { $function: { body: 'x', args: [], lang: 'js' } } }],
  ])('is refused with %s', (_title, filter) => {
    expect(() => assertFilter(filter)).toThrow(InvalidOperationError);
  });

  it.each<[Filter]>([[{ a: { $frobnicate: 1 } }], [{ $frobnicate: [] }], [{ a: { $gt: 1, $frobnicate: 1 } }]])(
    'is refused with an operator that is not known: %j',
    filter => {
      expect(() => compileFilter(filter)).toThrow(InvalidOperationError);
    },
  );
});
