import { describe, expect, it } from '@jest/globals';
import { isSameIndex } from './mongodb-indexes.ts';

describe('an index of a MongoDB server', () => {
  const declared = { name: 'status_created', key: { status: 1, created: -1 }, unique: true } as const;
  // In the form in which the server lists it.
  const listed = { v: 2, key: { status: 1, created: -1 }, name: 'status_created', unique: true };

  it('is the declared one when name, key and rules are the same', () => {
    expect(isSameIndex(listed, declared)).toBe(true);
    expect(isSameIndex({ ...listed, sparse: false }, declared)).toBe(true);
  });

  it.each([
    ['name', { name: 'status' }],
    ['key', { key: { status: 1, created: 1 } }],
    ['order of fields', { key: { created: -1, status: 1 } }],
    ['uniqueness', { unique: false }],
    ['sparseness', { sparse: true }],
  ])('is another one with another %s', (_what, other) => {
    expect(isSameIndex({ ...listed, ...other }, declared)).toBe(false);
  });
});
