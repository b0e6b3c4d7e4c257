import { type Filter } from '../collection.ts';
import { isOperators } from './filter-syntax.ts';
import { between, comparisonInterval, EVERYTHING, type Interval, intersection, pointOf, union } from './intervals.ts';
import { successor, textPrefixKey } from './keys.ts';
import { isList, isFields, type Fields } from './values.ts';

/** What a filter says of one field: its value, or one of its values, lies in the intervals. */
export interface Constraint {
  readonly intervals: readonly Interval[];
  /** Whether it says all that the filter says there, for a field that holds no list. */
  readonly isExact: boolean;
  /** Whether only documents that have the field can match. */
  readonly isPresent: boolean;
}

/** What a filter says of fields, each path with all that must hold of it. */
export interface Constraints {
  readonly byPath: ReadonlyMap<string, readonly Constraint[]>;
  /** Whether the filter says nothing else. */
  readonly isComplete: boolean;
}

/** Reads a filter for the planner. Every matching document fulfils the constraints; the reverse holds only where they are exact. */
export function constraintsOf(filter: Filter): Constraints {
  const byPath = new Map<string, Constraint[]>();
  const isComplete = addAll(filter, '', byPath);
  return { byPath, isComplete };
}

function addAll(filter: Fields, prefix: string, byPath: Map<string, Constraint[]>): boolean {
  let isComplete = true;
  for (const [field, operand] of Object.entries(filter)) {
    if (field === '$and' && isList(operand)) {
      for (const branch of operand) isComplete = isFields(branch) && addAll(branch, prefix, byPath) && isComplete;
    } else if (field === '$or' && isList(operand)) {
      addAlternatives(operand.filter(isFields), prefix, byPath);
      isComplete = false;
    } else if (field.startsWith('$')) {
      isComplete = false;
    } else {
      isComplete = addField(prefix + field, operand, byPath) && isComplete;
    }
  }
  return isComplete;
}

// A path that every branch bounds is bounded by the union of their intervals.
function addAlternatives(branches: readonly Fields[], prefix: string, byPath: Map<string, Constraint[]>): void {
  const maps = branches.map(branch => {
    const map = new Map<string, Constraint[]>();
    addAll(branch, prefix, map);
    return map;
  });
  for (const path of maps[0]?.keys() ?? []) {
    const alternatives = maps.flatMap(map => tightest(map.get(path)) ?? []);
    if (alternatives.length < maps.length) continue;
    add(byPath, path, {
      intervals: union(alternatives.flatMap(({ intervals }) => intervals)),
      isExact: false,
      isPresent: alternatives.every(({ isPresent }) => isPresent),
    });
  }
}

/** The constraint to use where only one of them may be: points before ranges, few before many. */
export function tightest(constraints: readonly Constraint[] = []): Constraint | undefined {
  const weight = ({ intervals }: Constraint): number =>
    intervals === EVERYTHING ? 1e6 : intervals.length + (intervals.every(({ isPoint }) => isPoint) ? 0 : 1000);
  return [...constraints].sort((one, other) => weight(one) - weight(other))[0];
}

function addField(path: string, operand: unknown, byPath: Map<string, Constraint[]>): boolean {
  if (!isOperators(operand)) {
    const constraint = operand instanceof RegExp ? matching(operand.source, operand.flags) : equalTo([operand]);
    if (constraint !== undefined) add(byPath, path, constraint);
    return constraint?.isExact ?? false;
  }
  let isComplete = true;
  for (const [operator, value] of Object.entries(operand)) {
    if (operator === '$elemMatch') {
      addElement(path, value, byPath);
      isComplete = false;
      continue;
    }
    const constraint = constraintOf(path, operator, value, operand);
    if (constraint !== undefined) add(byPath, path, constraint);
    isComplete &&= constraint?.isExact ?? false;
  }
  return isComplete;
}

function constraintOf(path: string, operator: string, value: unknown, operand: Fields): Constraint | undefined {
  switch (operator) {
    case '$eq':
      return equalTo([value]);
    case '$in':
      return isList(value) && !value.some(element => element instanceof RegExp) ? equalTo(value) : undefined;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte': {
      const interval = comparisonInterval(operator, value);
      return interval && { intervals: [interval], isExact: true, isPresent: true };
    }
    case '$ne':
      // Through an empty list, "not null" holds without a value.
      if (value !== null || path.includes('.')) return undefined;
      return { intervals: EVERYTHING, isExact: false, isPresent: true };
    case '$exists':
      if (value === true) return { intervals: EVERYTHING, isExact: false, isPresent: true };
      return value === false ? { intervals: [pointOf(null)], isExact: false, isPresent: false } : undefined;
    case '$regex':
      if (value instanceof RegExp) return matching(value.source, value.flags + optionsOf(operand));
      return typeof value === 'string' ? matching(value, optionsOf(operand)) : undefined;
    default:
      return undefined;
  }
}

// One element meets all that is said of it; of what lies inside it, several values may share the work again.
function addElement(path: string, condition: unknown, byPath: Map<string, Constraint[]>): void {
  if (!isFields(condition)) return;
  const isOfValues = isOperators(condition) && !['$and', '$or', '$nor'].some(operator => operator in condition);
  const found = new Map<string, Constraint[]>();
  if (isOfValues) addField(path, condition, found);
  else addAll(condition, `${path}.`, found);
  for (const [at, constraints] of found) {
    const narrow = isOfValues ? constraints.map(({ intervals }) => intervals).reduce(intersection) : undefined;
    add(byPath, at, {
      intervals: narrow ?? tightest(constraints)?.intervals ?? EVERYTHING,
      isExact: false,
      isPresent: constraints.some(({ isPresent }) => isPresent),
    });
  }
}

// Lists and documents are compared whole, which no entry of a list's elements can serve.
function equalTo(values: readonly unknown[]): Constraint | undefined {
  if (values.some(value => typeof value === 'object' && value !== null && !(value instanceof Date))) return undefined;
  const hasNull = values.includes(null);
  return { intervals: union(values.map(pointOf)), isExact: !hasNull, isPresent: !hasNull };
}

/** The range of an anchored beginning: `^abc`, without flags. */
function matching(source: string, flags: string): Constraint | undefined {
  if (flags !== '' || !source.startsWith('^') || source.includes('|')) return undefined;
  let text = '';
  for (let at = 1; at < source.length; at += 1) {
    const escaped = source[at] === '\\';
    const character = source[escaped ? at + 1 : at] ?? '';
    if (escaped ? /[\w\s]/.test(character) || character === '' : /[.^$*+?()[\]{}]/.test(character)) break;
    const following = source[at + (escaped ? 2 : 1)];
    if (following !== undefined && '*?{'.includes(following)) break;
    text += character;
    if (escaped) at += 1;
  }
  if (text === '') return undefined;
  const start = textPrefixKey(text);
  return { intervals: [between(start, successor(start))], isExact: false, isPresent: true };
}

function optionsOf({ $options }: Fields): string {
  return typeof $options === 'string' ? $options : '';
}

function add(byPath: Map<string, Constraint[]>, path: string, constraint: Constraint): void {
  const known = byPath.get(path);
  if (known === undefined) byPath.set(path, [constraint]);
  else known.push(constraint);
}
