import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyMergePatch, createMergePatch } from '../../../lib/merge-patch.ts';
import { type StateBatch } from './events.ts';
import {
  applyVariant,
  createVariantViewer,
  isBatchMovingChoice,
  isVariantChoiceChanged,
  selectVariant,
} from './variants.ts';

const CAMPAIGN = 'c'.repeat(24);
const variants = (weights: Readonly<Record<string, number>>) => ({
  variants: Object.fromEntries(Object.entries(weights).map(([key, weight]) => [key, { weight }])),
});

describe('the choice of a variant', () => {
  it('is the segment that the subscriber names, if there is one', () => {
    const state = variants({ a: 0, b: 1 });
    expect(selectVariant(CAMPAIGN, state, { segment: 'a', userId: 'u' })).toBe('a');
    expect(selectVariant(CAMPAIGN, state, { segment: 'toString', userId: 'u' })).toBe('b');
    expect(selectVariant(CAMPAIGN, state, { segment: 'gone', userId: 'u' })).toBe('b');
  });

  it('is none where there are none, or all weigh nothing', () => {
    expect(selectVariant(CAMPAIGN, {}, { userId: 'u' })).toBeUndefined();
    expect(selectVariant(CAMPAIGN, variants({ a: 0 }), { userId: 'u' })).toBeUndefined();
  });

  it('is the same for a user each time, whatever the order of the names', () => {
    for (let user = 0; user < 50; user++) {
      const chooser = { userId: `user-${user}` };
      expect(selectVariant(CAMPAIGN, variants({ a: 1, b: 2 }), chooser)).toBe(
        selectVariant(CAMPAIGN, variants({ b: 2, a: 1 }), chooser),
      );
    }
  });

  it('follows the weights, and differs between campaigns', () => {
    const count = new Map<string | undefined, number>();
    let moved = 0;
    for (let user = 0; user < 4000; user++) {
      const key = selectVariant(CAMPAIGN, variants({ a: 1, b: 3, never: 0 }), { userId: `user-${user}` });
      count.set(key, (count.get(key) ?? 0) + 1);
      if (key !== selectVariant('d'.repeat(24), variants({ a: 1, b: 3 }), { userId: `user-${user}` })) moved += 1;
    }
    expect([...count.keys()].sort()).toEqual(['a', 'b']);
    expect(Math.round((count.get('b') ?? 0) / 400)).toBeGreaterThanOrEqual(7);
    expect(Math.round((count.get('b') ?? 0) / 400)).toBeLessThanOrEqual(8);
    expect(moved).toBeGreaterThan(500);
  });
});

describe('the view of a variant', () => {
  const state = {
    title: 'A',
    hero: { text: 'x', color: 'red' },
    variants: { b: { weight: 1, overlay: { hero: { text: 'y' }, extra: [1] } } },
  };

  it('is the overlay on the state, without the variants', () => {
    expect(applyVariant(state, 'b')).toEqual({ title: 'A', hero: { text: 'y', color: 'red' }, extra: [1] });
    expect(applyVariant(state, undefined)).toEqual({ title: 'A', hero: { text: 'x', color: 'red' } });
    expect(applyVariant(state, 'gone')).toEqual({ title: 'A', hero: { text: 'x', color: 'red' } });
  });

  it('may be another one when names or weights change, not when overlays do', () => {
    expect(isVariantChoiceChanged(state, { ...state, variants: { b: { weight: 1 } } })).toBe(false);
    expect(isVariantChoiceChanged(state, { ...state, variants: { b: { weight: 2 } } })).toBe(true);
    expect(isVariantChoiceChanged(state, { ...state, variants: { ...state.variants, c: { weight: 0 } } })).toBe(true);
    expect(isVariantChoiceChanged(state, { title: 'A' })).toBe(true);
    expect(isVariantChoiceChanged(state, { ...state, title: 'B' })).toBe(false);
  });

  const batchOf = (before: object, ...updates: object[]): StateBatch => {
    const states: Record<string, unknown>[] = [];
    const changes = updates.map((one, at) => {
      const last = states.at(-1) ?? (before as Record<string, unknown>);
      const after = applyMergePatch(last, one) as Record<string, unknown>;
      states.push(after);
      const patch = JSON.stringify(createMergePatch(last, after));
      return { version: at + 2, changeId: 'x', eventId: `e${at}`, patch, cause: 'update', by: 'u', at: new Date(0) };
    });
    return {
      kind: 'batch',
      campaignId: CAMPAIGN,
      before: before as Record<string, unknown>,
      after: states.at(-1) ?? {},
      states,
      changes,
    };
  };

  it('has patches of its own: nothing where the overlay hides a change', () => {
    const batch = batchOf(
      state,
      { hero: { text: 'z', color: 'blue' } },
      { extra: [2] },
      { variants: { b: { overlay: { title: 'B' } } } },
    );
    const view = createVariantViewer();
    expect(view(batch, 'b')).toMatchObject({
      kind: 'changes',
      changes: [
        { version: 2, patch: '{"hero":{"color":"blue"}}' },
        { version: 3, patch: '{}' },
        { version: 4, patch: '{"title":"B"}' },
      ],
    });
    expect(view(batch, undefined)).toMatchObject({
      changes: [{ patch: '{"hero":{"text":"z","color":"blue"}}' }, { patch: '{"extra":[2]}' }, { patch: '{}' }],
    });
    expect(view(batch, 'b')).toBe(view(batch, 'b'));
  });

  it('asks for a snapshot when the choice may have changed, at any version of the batch', () => {
    const back = batchOf(state, { variants: { b: { weight: 5 } } }, { variants: { b: { weight: 1 } } });
    expect(createVariantViewer()(back, 'b')).toEqual({ kind: 'snapshot' });
  });

  it('may be another one only when a change names the variants: else no state in between is asked for', () => {
    const withoutStates = (batch: StateBatch): StateBatch => ({
      ...batch,
      get states(): never {
        throw new Error('Each of them costs as much as its change did.');
      },
    });
    const plain = batchOf(state, { title: 'B' }, { hero: { text: 'no variants' } }, { extra: null });
    expect(isBatchMovingChoice(withoutStates(plain))).toBe(false);
    expect(isBatchMovingChoice(batchOf(state, { title: 'variants' }, { hero: { variants: 1 } }))).toBe(false);
    expect(isBatchMovingChoice(batchOf(state, { title: 'B' }, { variants: { b: { overlay: { x: 1 } } } }))).toBe(false);
    expect(isBatchMovingChoice(batchOf(state, { title: 'B' }, { variants: { b: { weight: 9 } } }))).toBe(true);
    expect(isBatchMovingChoice(batchOf(state, { variants: null }, { title: 'B' }))).toBe(true);
  });

  it('is what its patches make, whatever happens', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 2 }),
      fc.constant(null),
      fc.record({ x: fc.integer({ min: 0, max: 2 }), y: fc.constant(null) }, { requiredKeys: [] }),
      fc.array(fc.nat(2), { maxLength: 2 }),
    );
    const patch = fc.record({ a: value, b: value, c: value }, { requiredKeys: [] });
    const change = fc.oneof(
      patch,
      fc.record({ variants: fc.record({ v: fc.record({ overlay: fc.oneof(patch, fc.constant(null)) }) }) }),
    );
    fc.assert(
      fc.property(patch, fc.array(change, { minLength: 1, maxLength: 6 }), (overlay, updates) => {
        const before = applyMergePatch(undefined, { variants: { v: { weight: 1, overlay } } }) as Record<
          string,
          unknown
        >;
        const batch = batchOf(before, ...updates);
        const view = createVariantViewer()(batch, 'v');
        let seen: unknown = applyVariant(before, 'v');
        for (const [at, { patch: text }] of (view.kind === 'changes' ? view.changes : []).entries()) {
          seen = applyMergePatch(seen, JSON.parse(text));
          expect(seen).toEqual(applyVariant(batch.states[at] ?? {}, 'v'));
        }
        expect(view.kind).toBe('changes');
      }),
      { numRuns: 300 },
    );
  });
});
