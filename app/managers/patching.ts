import { type ErrorDetail, ValidationError } from '../../lib/errors.ts';
import { applyMergePatch } from '../../lib/merge-patch.ts';
import { isEqual } from '../datastore/diff.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a merge patch may do to the documents of a kind. */
export interface PatchRules {
  /** The fields that the server alone writes: `version`, or `date.created` where only a part of `date` is. */
  readonly readOnly: readonly string[];
  /** What is wrong with what a client may write, looked at as a whole. */
  readonly selectFaults: (writable: Fields) => readonly ErrorDetail[];
  /** Turns the instants of what was validated into dates. */
  readonly revive: (writable: Fields) => Fields;
}

/** Gives a document as JSON carries it: instants as strings. */
export function toWire(shown: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(shown)) as Record<string, unknown>;
}

/**
 * Applies a JSON merge patch (RFC 7396) to a stored document, by way of what the API shows of it: merges, sets aside
 * what is read-only, validates the whole. Top-level fields that the patch leaves as they are keep their identity, and
 * so does a document that it does not change. Throws `ValidationError`.
 *
 * @param shown what the API shows of the document, in its wire form
 */
export function patchDocument<D extends object>(current: D, shown: Fields, patch: Fields, rules: PatchRules): D {
  const merged = applyMergePatch(shown, patch) as Fields;
  const { writable, faults } = selectWritable(shown, merged, rules.readOnly);
  // Every fault is told at once, whoever finds it.
  const all = [...faults, ...rules.selectFaults(writable)];
  if (all.length > 0) throw new ValidationError(all);
  const revived = rules.revive(writable);

  const readOnly = new Set(rules.readOnly);
  const changed = Object.keys(patch).filter(field => !readOnly.has(field) && !isEqual(shown[field], merged[field]));
  if (changed.length === 0) return current;
  const next = { ...current } as Record<string, unknown>;
  for (const field of changed) {
    const kept = selectServerPart(field, next[field], rules.readOnly);
    if (kept !== undefined) next[field] = { ...kept, ...(revived[field] as object | undefined) };
    else if (revived[field] === undefined) delete next[field];
    else next[field] = revived[field];
  }
  return next as D;
}

/**
 * Takes away the fields that the server alone writes. What equals the stored value is let pass, so that a document
 * that was read can be edited and sent back; anything else is a fault that names it.
 */
export function selectWritable(
  shown: Fields,
  merged: Fields,
  readOnly: readonly string[],
): { writable: Record<string, unknown>; faults: readonly ErrorDetail[] } {
  const faults: ErrorDetail[] = [];
  const writable: Record<string, unknown> = { ...merged };
  for (const path of readOnly) {
    const [field = path, name] = path.split('.');
    if (name === undefined) {
      if (!isEqual(shown[field], merged[field])) faults.push({ path: `/${field}`, message: 'is read-only' });
      delete writable[field];
      continue;
    }
    // Null takes away what a client may set of an object; what the server set stays.
    if (merged[field] === undefined || !isObject(writable[field])) continue;
    const { [name]: value, ...rest } = writable[field];
    if (!isEqual((shown[field] as Fields | undefined)?.[name], value)) {
      faults.push({ path: `/${field}/${name}`, message: 'is read-only' });
    }
    writable[field] = rest;
  }
  return { writable, faults };
}

/** The part of an object that the server alone writes; undefined when all of it is a client's. */
function selectServerPart(field: string, stored: unknown, readOnly: readonly string[]): Fields | undefined {
  const names = readOnly.filter(path => path.startsWith(`${field}.`)).map(path => path.slice(field.length + 1));
  if (names.length === 0 || !isObject(stored)) return undefined;
  return Object.fromEntries(names.flatMap(name => (stored[name] === undefined ? [] : [[name, stored[name]]])));
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
