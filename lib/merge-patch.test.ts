import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyMergePatch, createMergePatch, reduceMergePatch } from './merge-patch.ts';

/** RFC 7396, appendix A: original, patch, result. */
const vectors: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

const key = fc.constantFrom('a', 'b', 'c', 'toString', '');
const { value: withoutNull } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>(tie => ({
  object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer()), tie('object')),
}));
const document = fc.dictionary(key, withoutNull, { maxKeys: 5, noNullPrototype: true });

describe('applyMergePatch', () => {
  it.each(vectors)('of %j with %j is %j', (original, patch, expected) => {
    expect(applyMergePatch(original, patch)).toEqual(expected);
  });

  it('changes neither the target nor the patch', () => {
    fc.assert(
      fc.property(document, document, (target, patch) => {
        const before = JSON.stringify([target, patch]);
        applyMergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
      }),
    );
  });

  it('does the same when it is applied twice', () => {
    fc.assert(
      fc.property(document, document, (target, patch) => {
        const once = applyMergePatch(target, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it.each([
    '{"x":null,"y":2,"__proto__":{"polluted":1}}',
    '{"x":null,"y":2,"constructor":{"prototype":{"polluted":1}}}',
    '{"x":null,"y":2,"a":{"__proto__":{"polluted":1}}}',
  ])('touches no prototype with %s, and applies the rest', text => {
    const merged = applyMergePatch({ x: 1, a: {} }, JSON.parse(text)) as Record<string, unknown>;
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(merged['polluted']).toBeUndefined();
    expect((merged['a'] as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(merged).toEqual({ y: 2, a: {} });
  });

  it('replaces dates and takes over what the patch leaves alone', () => {
    const target = { at: new Date(0), kept: { a: 1 } };
    const merged = applyMergePatch(target, { at: new Date(1) }) as typeof target;
    expect(merged.at).toEqual(new Date(1));
    expect(merged.kept).toBe(target.kept);
  });
});

describe('createMergePatch', () => {
  it('makes the patch that leads from one document to the other', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        expect(applyMergePatch(before, createMergePatch(before, after))).toEqual(after);
      }),
    );
  });

  it('is empty between equal documents', () => {
    fc.assert(
      fc.property(document, value => {
        expect(createMergePatch(value, JSON.parse(JSON.stringify(value)))).toEqual({});
      }),
    );
  });

  it('names only what changed', () => {
    expect(
      createMergePatch(
        { a: 1, b: { c: 1, d: 2 }, list: [1, 2], at: new Date(0), gone: 1 },
        { a: 1, b: { c: 1, d: 3 }, list: [1, 2], at: new Date(0), more: [] },
      ),
    ).toEqual({ b: { d: 3 }, gone: null, more: [] });
  });
});

describe('reduceMergePatch', () => {
  it('leaves what makes a difference', () => {
    expect(
      reduceMergePatch({ a: 1, b: { c: 1, d: 2 } }, { a: 1, b: { c: 2, d: 2, e: null }, gone: null, f: { g: null } }),
    ).toEqual({
      b: { c: 2 },
      f: {},
    });
  });

  it('is the difference between the documents before and after', () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'toString'), document);
    fc.assert(
      fc.property(object, object, (given, patch) => {
        const before = applyMergePatch(undefined, given);
        const reduced = reduceMergePatch(before, patch);
        expect(reduced).toEqual(createMergePatch(before, applyMergePatch(before, patch)));
      }),
    );
  });
});
