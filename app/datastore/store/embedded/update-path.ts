import { InvalidOperationError } from '../collection.ts';
import { type Fields, isFields, isList } from './values.ts';

/** Makes the new value of a field out of the old one (undefined when it is missing); undefined takes the field away. */
export type Change = (value: unknown) => unknown;

/** The most elements that a list is filled up to by setting one beyond its end, as in MongoDB. */
const MAX_PADDING = 1_500_000;

/**
 * The document with one field changed. What lies beside the path is shared with the old document, and the old document
 * itself is given back when nothing changed. What is missing on the way is made, unless the change gives undefined.
 * Throws `InvalidOperationError` where the way leads through a scalar or null.
 */
export function changeAt(document: Fields, path: readonly string[], change: Change): Fields {
  return changeFields(document, path, 0, change);
}

function changeFields(fields: Fields, path: readonly string[], at: number, change: Change): Fields {
  const name = path[at] ?? '';
  const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const after = changeValue(before, path, at + 1, change);
  if (after === before) return fields;
  if (after !== undefined) return Object.freeze({ ...fields, [name]: after });
  const { [name]: _gone, ...others } = fields;
  return Object.freeze(others);
}

function changeElement(
  list: readonly unknown[],
  path: readonly string[],
  at: number,
  change: Change,
): readonly unknown[] {
  const name = path[at] ?? '';
  if (!/^\d+$/.test(name)) {
    // Only what is there can be taken away: MongoDB, too, lets `$unset` pass here.
    if (changeValue(undefined, path, at + 1, change) === undefined) return list;
    throw new InvalidOperationError(`The field ${path.join('.')} leads into a list without saying which element.`);
  }
  const index = Number(name);
  const before = list[index];
  const after = changeValue(before, path, at + 1, change);
  if (after === before) return list;
  if (index > list.length + MAX_PADDING)
    throw new InvalidOperationError(`${path.join('.')} lies too far beyond the list.`);
  const changed = [...list];
  while (changed.length < index) changed.push(null);
  // Taking an element away leaves null in its place.
  changed[index] = after === undefined ? null : after;
  return Object.freeze(changed);
}

function changeValue(value: unknown, path: readonly string[], at: number, change: Change): unknown {
  if (at === path.length) return change(value);
  if (isFields(value)) return changeFields(value, path, at, change);
  if (isList(value)) return changeElement(value, path, at, change);
  if (value === undefined) {
    const made = changeFields({}, path, at, change);
    return Object.keys(made).length === 0 ? undefined : made;
  }
  if (leavesNothing(path, at, change)) return value;
  throw new InvalidOperationError(`The field ${path.join('.')} leads through a value that is no document.`);
}

// Below a scalar there is nothing, which is what `$unset` and `$pull` want to leave.
function leavesNothing(path: readonly string[], at: number, change: Change): boolean {
  return Object.keys(changeFields({}, path, at, change)).length === 0;
}
