import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PayloadTooLargeError, UnauthorizedError, ValidationError } from '../../../lib/errors.ts';
import { applyMergePatch, createMergePatch } from '../../../lib/merge-patch.ts';
import { type Action, type Actor } from '../../policy.ts';
import { measureGrowth, measureJson } from './json-size.ts';
import { hashBody, MAX_PATCH_BYTES, readOperation, selectOperationPatch, type StateOperation } from './operations.ts';
import { selectActions, throwIfNotPermitted } from './permissions.ts';

const update = (updates: Record<string, unknown>): StateOperation => ({ kind: 'update', updates });
const run = (before: Record<string, unknown>, operation: unknown, target?: Record<string, unknown>) =>
  applyMergePatch(before, selectOperationPatch(readOperation(operation), target)(before));
const nested = (depth: number): Record<string, unknown> =>
  JSON.parse('{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1)) as Record<string, unknown>;

describe('an operation', () => {
  it('merges an update, and removes by null', () => {
    const before = { a: { b: 1, c: 2 }, d: [1, null] };
    const after = run(before, update({ a: { b: null, e: { f: null } }, d: [null] }));
    expect(after).toEqual({ a: { c: 2, e: {} }, d: [null] });
    expect(before).toEqual({ a: { b: 1, c: 2 }, d: [1, null] });
  });

  it('adds, removes and sets features, keeping the order, each once', () => {
    const feature = (action: string, ...features: string[]) => ({ kind: 'feature', action, features });
    expect(run({}, feature('add', 'b', 'a', 'b'))).toEqual({ features: ['b', 'a'] });
    expect(run({ features: ['x', 'y'] }, feature('add', 'y', 'z'))).toEqual({ features: ['x', 'y', 'z'] });
    expect(run({ features: ['x', 'y'] }, feature('remove', 'x', 'q'))).toEqual({ features: ['y'] });
    expect(run({ features: ['x', 'y'] }, feature('set', 'c', 'c'))).toEqual({ features: ['c'] });
    expect(run({ features: ['x', 'y'] }, feature('set'))).toEqual({ features: [] });
  });

  it('merges configuration into its section', () => {
    const config = { kind: 'config', configType: 'ui_content', config: { cta: { text: 'Go' }, old: null } };
    expect(run({ ui_content: { cta: { color: 'red' }, old: 1 } }, config)).toEqual({
      ui_content: { cta: { color: 'red', text: 'Go' } },
    });
  });

  it('does several as one, in their order', () => {
    const operations = [
      update({ a: 1 }),
      { kind: 'feature', action: 'add', features: ['x'] },
      update({ a: null, b: 2 }),
    ];
    expect(run({}, { kind: 'batch', operations })).toEqual({ features: ['x'], b: 2 });
  });

  it('goes back to an old version, but for what the service writes', () => {
    const target = { a: 1, campaign: { status: 'DRAFT' }, markets: { count: 1 } };
    const before = { b: 2, campaign: { status: 'OPEN' } };
    expect(run(before, { kind: 'rollback', toVersion: 1 }, target)).toEqual({ a: 1, campaign: { status: 'OPEN' } });
  });

  it.each([
    ['no object', null, '/kind'],
    ['of no kind', {}, '/kind'],
    ['of an unknown kind', { kind: 'toString' }, '/kind'],
    ['an update of a list', { kind: 'update', updates: [] }, '/updates'],
    ['with a surplus member', { ...update({}), more: 1 }, '/more'],
    ['an empty batch', { kind: 'batch', operations: [] }, '/operations'],
    ['a batch in a batch', { kind: 'batch', operations: [{ kind: 'batch', operations: [] }] }, '/operations/0/kind'],
    ['a batch with a broken step', { kind: 'batch', operations: [update({}), null] }, '/operations/1'],
    ['another section', { kind: 'config', configType: 'owner', config: {} }, '/configType'],
    ['features that are no names', { kind: 'feature', action: 'add', features: [1] }, '/features/0'],
    ['features without an action', { kind: 'feature', features: [] }, '/action'],
    ['a rollback to nowhere', { kind: 'rollback', toVersion: 0 }, '/toVersion'],
    ['a forbidden key', update({ a: [{ 'b.c': 1 }] }), '/updates/a/0/b.c'],
    ['a key that reaches a prototype', JSON.parse('{"kind":"update","updates":{"__proto__":1}}'), '/updates/__proto__'],
    ['features of another form', update({ features: ['a', 'a'] }), '/features'],
    ['a section of another form', update({ scripts: 'x' }), '/scripts'],
    ['variants of another form', update({ variants: { a: { weight: -1 } } }), '/variants/a/weight'],
    [
      'an overlay on the variants',
      update({ variants: { a: { weight: 1, overlay: { variants: {} } } } }),
      '/variants/a/overlay/variants',
    ],
    [
      'an overlay on the campaign',
      update({ variants: { a: { weight: 1, overlay: { campaign: {} } } } }),
      '/variants/a/overlay/campaign',
    ],
  ])('is refused when it is %s', (_name, operation, path) => {
    const refused = (): unknown => {
      try {
        return run({}, operation);
      } catch (error) {
        return error;
      }
    };
    const error = refused();
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).details?.map(detail => detail.path)).toContain(path);
  });

  it('may be 32 levels deep, and no more', () => {
    expect(() => readOperation(update(nested(32)))).not.toThrow();
    expect(() => readOperation(update(nested(33)))).toThrow(ValidationError);
    const config = (depth: number) => ({ kind: 'config', configType: 'scripts', config: nested(depth) });
    expect(() => readOperation(config(31))).not.toThrow();
    expect(() => readOperation(config(32))).toThrow(ValidationError);
    expect(() => readOperation(update(nested(10_000)))).toThrow(ValidationError);
  });

  it('may have 64 KiB, and no more', () => {
    const overhead = JSON.stringify(update({ a: '' })).length;
    expect(() => readOperation(update({ a: 'x'.repeat(MAX_PATCH_BYTES - overhead) }))).not.toThrow();
    expect(() => readOperation(update({ a: 'x'.repeat(MAX_PATCH_BYTES - overhead + 1) }))).toThrow(
      PayloadTooLargeError,
    );
  });

  it('is taken as a copy of plain JSON', () => {
    const updates = { list: [1], bytes: Buffer.from('x') };
    const operation = readOperation(update(updates));
    updates.list.push(2);
    expect(operation).toEqual(update({ list: [1], bytes: { type: 'Buffer', data: [120] } }));
  });

  it('has an identity that the order of members does not change', () => {
    const identity = hashBody(update({ a: 1, b: { c: 1, d: 2 } }), 3);
    expect(hashBody(update({ b: { d: 2, c: 1 }, a: 1 }), 3)).toBe(identity);
    expect(hashBody(update({ a: 1, b: { c: 1, d: 3 } }), 3)).not.toBe(identity);
    expect(hashBody(update({ a: 1, b: { c: 1, d: 2 } }), undefined)).not.toBe(identity);
  });
});

describe('the permission for an operation', () => {
  it.each<[string, StateOperation, Action[]]>([
    ['a key of the team', update({ title: 'x' }), ['state:update']],
    ['nothing at all', update({}), ['state:update']],
    ['features, by a patch', update({ features: null }), ['feature:update']],
    ['configuration, by a patch', update({ ui_content: {}, variants: {} }), ['config:update']],
    ['all of them', update({ a: 1, scripts: {}, features: [] }), ['state:update', 'config:update', 'feature:update']],
    ['a name that objects inherit', update({ toString: 1 }), ['state:update']],
    ['features', { kind: 'feature', action: 'set', features: [] }, ['feature:update']],
    ['a section', { kind: 'config', configType: 'scripts', config: {} }, ['config:update']],
    [
      'a batch',
      {
        kind: 'batch',
        operations: [
          { kind: 'update', updates: { a: 1 } },
          { kind: 'feature', action: 'add', features: [] },
        ],
      },
      ['state:update', 'feature:update'],
    ],
    ['a rollback', { kind: 'rollback', toVersion: 1 }, ['update']],
  ])('follows what it touches: %s', (_name, operation, actions) => {
    expect([...selectActions(operation)].sort()).toEqual([...actions].sort());
    const campaignId = 'c'.repeat(24);
    const actor = (granted: readonly Action[], id = campaignId): Actor => ({
      userId: 'u',
      supreme: false,
      campaigns: new Map([[id, new Set(granted)]]),
      issuedAt: 0,
    });
    expect(() => throwIfNotPermitted(actor(actions), campaignId, operation)).not.toThrow();
    expect(() => throwIfNotPermitted(actor(['update']), campaignId, operation)).not.toThrow();
    expect(() => throwIfNotPermitted(actor(actions, 'd'.repeat(24)), campaignId, operation)).toThrow(UnauthorizedError);
    expect(() => throwIfNotPermitted(null, campaignId, operation)).toThrow(UnauthorizedError);
    for (const missing of actions) {
      const others = (['read', 'state:update', 'feature:update', 'config:update', 'media:join'] as const).filter(
        one => one !== missing,
      );
      expect(() => throwIfNotPermitted(actor(others), campaignId, operation)).toThrow(UnauthorizedError);
    }
  });

  it.each(['campaign', 'markets'])('is given to nobody for what the service writes: %s', section => {
    expect(() => selectActions(update({ [section]: { a: 1 } }))).toThrow(ValidationError);
    expect(() =>
      selectActions({ kind: 'batch', operations: [{ kind: 'update', updates: { [section]: null } }] }),
    ).toThrow(ValidationError);
  });
});

describe('the size of a state', () => {
  const json = fc
    .jsonValue({ maxDepth: 4, noUnicodeString: false })
    .map(value => JSON.parse(JSON.stringify(value)) as unknown);
  const state = fc
    .dictionary(fc.string(), json)
    .map(value => applyMergePatch(undefined, value) as Record<string, unknown>);

  it('is the sum of its parts, and grows by what a patch adds', () => {
    fc.assert(
      fc.property(state, state, (before, updates) => {
        const after = applyMergePatch(before, updates) as Record<string, unknown>;
        const patch = createMergePatch(before, after) as Record<string, unknown>;
        expect(measureJson(before) + measureGrowth(before, patch)).toBe(measureJson(after));
      }),
      { numRuns: 500 },
    );
  });

  it('is that of its text, but for a comma in each of its parts', () => {
    expect(measureJson({ a: 'ä', b: [1, null], c: {} })).toBe(Buffer.byteLength('{"a":"ä","b":[1,null,],"c":{},}'));
  });
});
