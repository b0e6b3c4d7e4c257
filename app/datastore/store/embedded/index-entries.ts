import { InvalidOperationError } from '../collection.ts';
import { type Index, type IndexField } from './index-definition.ts';
import { descending, EMPTY_LIST_KEY, type Key, MAX_KEY_BYTES, valueKey } from './keys.ts';
import { type Document, type Fields, isFields, isList } from './values.ts';

/** How far a field of the key is followed into a document. */
interface Step {
  readonly field: IndexField;
  readonly value: unknown;
  /** How many names of the path are followed. */
  readonly depth: number;
  /** Whether the value is an element of the list that the path leads to: a list in a list is indexed whole. */
  readonly isElement: boolean;
}

const MISSING = Symbol('missing');
const EMPTY_LIST = Symbol('empty list');

/**
 * The keys of a document's entries in an index: one, or one for each element when a field holds a list; none when the
 * index is sparse and the document has no field of it. A unique index has entries by value alone, any other by value and
 * `_id`. Notes in the index which fields hold lists. Throws `InvalidOperationError` when two fields hold different
 * lists, or when a key is longer than the store can hold.
 */
export function entryKeys(index: Index, document: Document): Key[] {
  const keys: Key[] = [];
  const steps = index.fields.map(field => ({ field, value: document, depth: 0, isElement: false }));
  collect(index, steps, keys);
  const ending = index.unique ? '' : valueKey(document._id);
  const entries = keys.map(key => index.prefix + key + ending);
  if (entries.some(({ length }) => length > MAX_KEY_BYTES)) {
    throw new InvalidOperationError(`A value is too long for index ${index.name}.`);
  }
  return entries.length > 1 ? [...new Set(entries)] : entries;
}

/** Whether an update may have changed the entries of an index: an update keeps the identity of what it leaves alone. */
export function isTouched({ fields }: Index, before: Fields, after: Fields): boolean {
  return fields.some(({ path: [name = ''] }) => before[name] !== after[name]);
}

function collect(index: Index, steps: readonly Step[], keys: Key[]): void {
  const reached = steps.map(follow);
  const list = reached.find(isAtList)?.value;
  if (!isList(list)) {
    if (index.sparse && reached.every(({ value }) => value === MISSING)) return;
    keys.push(reached.map(componentKey).join(''));
    return;
  }
  reached.forEach((step, at) => {
    if (!isAtList(step)) return;
    if (step.value !== list)
      throw new InvalidOperationError(`Index ${index.name} cannot hold two lists of a document.`);
    index.listFields |= 1 << at;
  });
  for (const element of list.length === 0 ? [EMPTY_LIST] : list) {
    collect(
      index,
      reached.map(step => (isAtList(step) ? enter(step, element) : step)),
      keys,
    );
  }
}

function follow(step: Step): Step {
  const { path } = step.field;
  let { value, depth } = step;
  if (depth === path.length) return step;
  for (; depth < path.length && value !== MISSING && !isList(value); depth += 1) {
    const name = path[depth] ?? '';
    value = isFields(value) && Object.hasOwn(value, name) ? value[name] : MISSING;
  }
  return { ...step, value, depth };
}

function isAtList({ value, isElement }: Step): boolean {
  return isList(value) && !isElement;
}

function enter(step: Step, element: unknown): Step {
  if (step.depth === step.field.path.length) return { ...step, value: element, isElement: true };
  return { ...step, value: isFields(element) ? element : MISSING };
}

function componentKey({ value, field }: Step): Key {
  const key = value === EMPTY_LIST ? EMPTY_LIST_KEY : valueKey(value);
  return field.isDescending ? descending(key) : key;
}
