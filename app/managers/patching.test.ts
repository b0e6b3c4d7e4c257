import { describe, expect, it } from '@jest/globals';
import { type ValidationError } from '../../lib/errors.ts';
import { patchDocument, type PatchRules, toWire } from './patching.ts';

const created = new Date('2026-01-01T00:00:00.000Z');
const end = new Date('2026-06-01T00:00:00.000Z');
const current = { _id: 'a', version: 3, name: 'One', place: { city: 'Oslo' }, date: { created, end }, hidden: 'kept' };
const { hidden: _hidden, ...visible } = current;
const shown = toWire(visible);

const rules: PatchRules = {
  readOnly: ['_id', 'version', 'date.created'],
  selectFaults: writable =>
    Object.keys(writable)
      .filter(field => !['name', 'place', 'date'].includes(field))
      .map(field => ({ path: `/${field}`, message: 'is unknown' })),
  revive: writable => {
    const { end: text } = (writable['date'] ?? {}) as { end?: string };
    return { ...writable, ...(text !== undefined && { date: { end: new Date(text) } }) };
  },
};

const patch = (change: Record<string, unknown>): typeof current => patchDocument(current, shown, change, rules);

function faultsOf(change: Record<string, unknown>): unknown {
  try {
    patch(change);
  } catch (error) {
    return (error as ValidationError).details;
  }
  return undefined;
}

describe('patching a document', () => {
  it('merges, and leaves what the patch does not name', () => {
    expect(patch({ place: { street: 'Main' } })).toEqual({ ...current, place: { city: 'Oslo', street: 'Main' } });
  });

  it('keeps the identity of fields that do not change', () => {
    const next = patch({ name: 'Two', place: { city: 'Oslo' } });
    expect(next.name).toBe('Two');
    expect(next.place).toBe(current.place);
  });

  it('gives the very document back when nothing changes', () => {
    expect(patch({ name: 'One', version: 3 })).toBe(current);
    expect(patch(shown)).toBe(current);
  });

  it('removes by null', () => {
    expect(patch({ place: null })).not.toHaveProperty('place');
  });

  it('takes read-only fields that equal what is stored, and names those that do not', () => {
    expect(faultsOf({ _id: 'a', version: 3, date: { created: created.toISOString() } })).toBeUndefined();
    expect(faultsOf({ version: 4, date: { created: '2020-01-01T00:00:00.000Z' } })).toEqual([
      { path: '/version', message: 'is read-only' },
      { path: '/date/created', message: 'is read-only' },
    ]);
    expect(faultsOf({ _id: null })).toEqual([{ path: '/_id', message: 'is read-only' }]);
  });

  it("keeps the server's part of an object that a client takes away or changes", () => {
    expect(patch({ date: null }).date).toEqual({ created });
    const later = '2026-07-01T00:00:00.000Z';
    expect(patch({ date: { end: later } }).date).toEqual({ created, end: new Date(later) });
  });

  it('names unknown fields', () => {
    expect(faultsOf({ colour: 'red' })).toEqual([{ path: '/colour', message: 'is unknown' }]);
  });
});
