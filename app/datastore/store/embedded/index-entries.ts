import { InvalidOperationError } from '../collection.ts';
import { type Index, type IndexField } from './index-definition.ts';
import { descending, EMPTY_LIST_KEY, type Key, MAX_KEY_BYTES, valueKey } from './keys.ts';
import { type Document, isFields, isList, isSameValue } from './values.ts';

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
 * `_id`, which it may hold itself. Notes in the index which fields hold lists. Throws `InvalidOperationError` when two fields hold different
 * lists, or when a key is longer than the store can hold.
 */
export function entryKeys(index: Index, document: Document): Key[] {
  const ending = index.unique || index.holdsId ? '' : valueKey(document._id);
  const keys = simpleKeys(index, document) ?? listKeys(index, document);
  const entries = keys.map(key => index.prefix + key + ending);
  if (entries.some(({ length }) => length > MAX_KEY_BYTES)) {
    throw new InvalidOperationError(`A value is too long for index ${index.name}.`);
  }
  return entries.length > 1 ? [...new Set(entries)] : entries;
}

/**
 * The short way: no field holds a list, or one alone leads to a list, or through it to a value in each element. Undefined
 * where it is any other way; the long one gives the same.
 */
function simpleKeys(index: Index, document: Document): Key[] | undefined {
  let list: readonly unknown[] | undefined;
  let listAt = 0;
  let rest: readonly string[] = [];
  let isPresent = false;
  let before = '';
  let after = '';
  for (const [at, { path, isDescending }] of index.fields.entries()) {
    let value: unknown = document;
    let depth = 0;
    for (; depth < path.length && !isList(value); depth += 1) {
      value = isFields(value) ? value[path[depth] ?? ''] : undefined;
    }
    if (isList(value)) {
      if (list !== undefined || value.length === 0) return undefined;
      list = value;
      listAt = at;
      rest = path.slice(depth);
      continue;
    }
    if (value !== undefined) isPresent = true;
    const component = valueKey(value);
    const key = isDescending ? descending(component) : component;
    if (list === undefined) before += key;
    else after += key;
  }
  if (list === undefined) return index.sparse && !isPresent ? [] : [before];
  const isDescending = index.fields[listAt]?.isDescending === true;
  const keys: Key[] = [];
  for (const element of list) {
    let value: unknown = element;
    for (const name of rest) {
      value = isFields(value) ? value[name] : undefined;
      if (isList(value)) return undefined;
    }
    if (index.sparse && !isPresent && value === undefined) continue;
    const component = valueKey(value);
    keys.push(before + (isDescending ? descending(component) : component) + after);
  }
  index.listFields |= 1 << listAt;
  return keys;
}

function listKeys(index: Index, document: Document): Key[] {
  const keys: Key[] = [];
  const steps = index.fields.map(field => ({ field, value: document, depth: 0, isElement: false }));
  collect(index, steps, keys);
  return keys;
}

/**
 * What an update does to a document's entries in an index: the keys that come and those that go. Of a list of texts only
 * the elements that differ are looked at, however many there are.
 */
export function changedKeys(index: Index, before: Document, after: Document): { added: Key[]; removed: Key[] } {
  const lists = listsOfTexts(index, before, after);
  if (lists !== undefined) {
    const [old, next] = lists;
    return { added: keysMissing(index, after, next, old), removed: keysMissing(index, before, old, next) };
  }
  const old = entryKeys(index, before);
  const next = entryKeys(index, after);
  return { added: next.filter(key => !old.includes(key)), removed: old.filter(key => !next.includes(key)) };
}

/** The lists of a document before and after, when the index is over one field and both hold nothing but texts. */
function listsOfTexts(
  { fields }: Index,
  before: Document,
  after: Document,
): readonly [readonly string[], readonly string[]] | undefined {
  const [field, another] = fields;
  if (field === undefined || another !== undefined || field.path.length !== 1) return undefined;
  const name = field.name;
  const [old, next] = [before[name], after[name]];
  return isListOfTexts(old) && isListOfTexts(next) ? [old, next] : undefined;
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return isList(value) && value.length > 0 && value.every(element => typeof element === 'string');
}

/** The keys of the elements that another list does not have. */
function keysMissing(index: Index, document: Document, list: readonly string[], other: readonly string[]): Key[] {
  const known = new Set(other);
  const missing = list.filter(element => !known.has(element));
  const { name = '' } = index.fields[0] ?? {};
  return missing.length === 0 ? [] : entryKeys(index, { _id: document._id, [name]: missing });
}

/** Whether an update may have changed the entries of an index. Costs next to nothing for fields that it left alone. */
export function isTouched({ fields }: Index, before: Document, after: Document): boolean {
  for (const { path } of fields) if (isChangedAt(before, after, path)) return true;
  return false;
}

function isChangedAt(before: unknown, after: unknown, path: readonly string[]): boolean {
  for (const name of path) {
    // An update keeps the identity of what it leaves alone.
    if (before === after) return false;
    if (!isFields(before) || !isFields(after)) return true;
    before = before[name];
    after = after[name];
  }
  return !isSameValue(before, after);
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
