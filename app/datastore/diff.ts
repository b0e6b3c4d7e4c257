import { createMergePatch } from '../../lib/merge-patch.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A change as two JSON merge patches: `after` applied to the old content gives the new one, `before` takes it back. */
export interface ChangeDiff {
  readonly before: Fields;
  readonly after: Fields;
}

/** The top-level fields of a write, beside bookkeeping. */
export interface FieldChanges {
  readonly set: Fields;
  readonly unset: readonly string[];
}

/** Stands in a diff for a value that history must not show. */
export const REDACTED = '[redacted]';

const bookkeeping: ReadonlySet<string> = new Set(['_id', 'version', 'pendingChange', 'deleted']);

/** A document's content: everything but its id, version and bookkeeping. */
export function selectContent(document: object): Record<string, unknown> {
  const content: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(document)) {
    if (value !== undefined && !bookkeeping.has(field)) content[field] = value;
  }
  return content;
}

/** Compares the content of two versions of a document field by field; null when they are equal. */
export function selectFieldChanges(before: Fields, after: Fields): FieldChanges | null {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  let changed = false;
  for (const field of Object.keys(after)) {
    const value = after[field];
    if (value === undefined || bookkeeping.has(field) || isEqual(before[field], value)) continue;
    set[field] = value;
    changed = true;
  }
  for (const field of Object.keys(before)) {
    if (after[field] !== undefined || before[field] === undefined || bookkeeping.has(field)) continue;
    unset.push(field);
    changed = true;
  }
  return changed ? { set, unset } : null;
}

/** Whether the content of two versions of a document differs. */
export function hasFieldChanges(before: Fields, after: Fields): boolean {
  const differs = (field: string): boolean => !bookkeeping.has(field) && !isEqual(before[field], after[field]);
  return (
    Object.keys(after).some(differs) || Object.keys(before).some(field => after[field] === undefined && differs(field))
  );
}

/** Makes the diff of a write from the document before it; the values at `redact` (dotted paths, through arrays) are not shown. */
export function createDiff(before: Fields, { set, unset }: FieldChanges, redact: readonly string[] = []): ChangeDiff {
  const old: Record<string, unknown> = {};
  for (const field of Object.keys(set)) if (before[field] !== undefined) old[field] = before[field];
  for (const field of unset) old[field] = before[field];
  return {
    before: redactPaths(createMergePatch(set, old) as Fields, redact),
    after: redactPaths(createMergePatch(old, set) as Fields, redact),
  };
}

/** Replaces the values at the paths (dotted, through arrays) in a copy; what is not touched is shared with the original. */
export function redactPaths<T extends Fields>(value: T, paths: readonly string[]): T {
  let redacted: unknown = value;
  for (const path of paths) redacted = redactPath(redacted, path.split('.'), 0);
  return redacted as T;
}

function redactPath(value: unknown, path: readonly string[], depth: number): unknown {
  if (value === undefined || value === null) return value;
  const key = path[depth];
  if (key === undefined) return REDACTED;
  if (Array.isArray(value)) return value.map(item => redactPath(item, path, depth));
  if (typeof value !== 'object' || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: redactPath((value as Fields)[key], path, depth + 1) };
}

/** Whether two stored values are the same: dates by their instant, an absent field like an undefined one. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  }
  const left = a as Fields;
  const right = b as Fields;
  for (const key of Object.keys(left)) if (!isEqual(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}
