import { describe, expect, it } from '@jest/globals';
import { applyMergePatch } from '../../lib/merge-patch.ts';
import { createDiff, isEqual, redactPaths, selectContent, selectFieldChanges } from './diff.ts';

const base = { _id: '1', version: 3, name: 'Tour', date: { open: new Date(5), close: new Date(9) }, tags: ['a', 'b'] };

describe('field changes', () => {
  it('are null when the content is equal, dates by their instant and whatever the bookkeeping says', () => {
    const copy = {
      ...base,
      version: 9,
      pendingChange: {},
      date: { close: new Date(9), open: new Date(5) },
      tags: ['a', 'b'],
    };
    expect(selectFieldChanges(base, copy)).toBeNull();
  });

  it('name whole top-level fields, and those that went', () => {
    const { tags: _, ...next } = { ...base, date: { open: new Date(6), close: new Date(9) }, image: 'x' };
    expect(selectFieldChanges(base, next)).toEqual({
      set: { date: { open: new Date(6), close: new Date(9) }, image: 'x' },
      unset: ['tags'],
    });
  });

  it('take an undefined field for an absent one, at any depth', () => {
    expect(
      selectFieldChanges(base, { ...base, image: undefined, date: { ...base.date, start: undefined } }),
    ).toBeNull();
    expect(selectFieldChanges(base, { ...base, name: undefined })).toEqual({ set: {}, unset: ['name'] });
  });

  it('do not look into a field that both versions share', () => {
    const shared = Object.defineProperty({}, 'trap', {
      enumerable: true,
      get: () => expect('looked at').toBe('skipped'),
    });
    expect(selectFieldChanges({ shared }, { shared })).toBeNull();
  });
});

describe('a diff', () => {
  const after = { ...selectContent(base), name: 'Other', date: { open: new Date(5) }, image: 'x' };
  const changes = selectFieldChanges(base, after) ?? { set: {}, unset: [] };

  it('leads from the old content to the new one, and back', () => {
    const diff = createDiff(base, changes);
    expect(diff.after).toEqual({ name: 'Other', date: { close: null }, image: 'x' });
    expect(applyMergePatch(selectContent(base), diff.after)).toEqual(after);
    expect(applyMergePatch(after, diff.before)).toEqual(selectContent(base));
  });

  it('shows that a secret changed, and not what it is', () => {
    const before = { password: 'old', contacts: [{ name: 'A', email: 'a@x' }] };
    const set = {
      password: 'new',
      contacts: [
        { name: 'A', email: 'a@x' },
        { name: 'B', email: 'b@x' },
      ],
    };
    const diff = createDiff(before, { set, unset: [] }, ['password', 'contacts.email']);
    expect(diff.after).toEqual({
      password: '[redacted]',
      contacts: [
        { name: 'A', email: '[redacted]' },
        { name: 'B', email: '[redacted]' },
      ],
    });
    expect(diff.before).toEqual({ password: '[redacted]', contacts: [{ name: 'A', email: '[redacted]' }] });
    expect(set.contacts[1]).toEqual({ name: 'B', email: 'b@x' });
  });

  it('still says that a secret came or went', () => {
    expect(createDiff({ password: 'old' }, { set: {}, unset: ['password'] }, ['password'])).toEqual({
      before: { password: '[redacted]' },
      after: { password: null },
    });
  });
});

describe('redaction', () => {
  it('leaves a value without the path as it is', () => {
    const value = { name: 'x' };
    expect(redactPaths(value, ['password', 'contacts.email'])).toBe(value);
  });
});

describe('equality', () => {
  it.each([
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], { 0: 1 }, false],
    [new Date(1), new Date(2), false],
    [new Date(1), {}, false],
    [{}, new Date(1), false],
    [null, {}, false],
    [NaN, NaN, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [0, '0', false],
    [null, undefined, false],
  ])('of %j and %j is %j', (a, b, expected) => {
    expect(isEqual(a, b)).toBe(expected);
  });
});
