import { isFields, isList, type Fields } from './values.ts';

/** Splits a dotted path; short and few, so they are kept. */
export function splitPath(path: string): readonly string[] {
  return path.includes('.') ? path.split('.') : [path];
}

/** What a path leads to when no list lies on its way. */
export type Reached = { readonly isThroughList: false; readonly value: unknown } | { readonly isThroughList: true };

const THROUGH_LIST: Reached = { isThroughList: true };

/** Follows a path through documents; stops at a list that is not the path's end. */
export function reach(document: Fields, path: readonly string[]): Reached {
  let value: unknown = document;
  for (const field of path) {
    if (isList(value)) return THROUGH_LIST;
    value = isFields(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  }
  return { isThroughList: false, value };
}

/** All values at the end of a path, through every element of lists on the way; missing ones are left out. */
export function valuesAt(value: unknown, path: readonly string[], at = 0): unknown[] {
  const field = path[at];
  if (field === undefined) return [value];
  if (isList(value)) {
    const index = /^\d+$/.test(field) ? value[Number(field)] : undefined;
    const through = value.flatMap(element => (isFields(element) ? valuesAt(element, path, at) : []));
    return index === undefined ? through : [...valuesAt(index, path, at + 1), ...through];
  }
  return isFields(value) && Object.hasOwn(value, field) ? valuesAt(value[field], path, at + 1) : [];
}
