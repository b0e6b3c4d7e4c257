import { InvalidOperationError } from '../collection.ts';
import { isOperators } from './filter-syntax.ts';
import { type Key, valueKey } from './keys.ts';
import { compileFilter } from './predicate.ts';
import { valuesAt, splitPath } from './paths.ts';
import { type Change } from './update-path.ts';
import { type Fields, isFields, isList, isSameValue, storableCopy } from './values.ts';

/**
 * MongoDB's update operators: each turns its operand into a change of the field that it names. They are written here
 * rather than left to mingo, which passes in silence over `$inc` of a string and `$push` to a scalar, where MongoDB
 * refuses; and so that an update shares with the old document whatever it leaves alone.
 */
export const UPDATE_OPERATORS: Readonly<Record<string, (operand: unknown, field: string) => Change>> = {
  $set: operand => {
    const value = storableCopy(operand);
    return before => (isSameValue(before, value) ? before : value);
  },
  $unset: () => () => undefined,
  $inc: (operand, field) => arithmetic(operand, field, '$inc', (value, by) => value + by),
  $mul: (operand, field) => arithmetic(operand, field, '$mul', (value, by) => value * by),
  $min: operand => choice(operand, (one, other) => one < other),
  $max: operand => choice(operand, (one, other) => one > other),
  $currentDate: (operand, field) => {
    if (operand !== true && !(isFields(operand) && operand['$type'] === 'date')) {
      throw new InvalidOperationError(`$currentDate of ${field} takes true or { $type: 'date' }.`);
    }
    return () => new Date();
  },
  $push: (operand, field) => {
    const push = pushing(operand, field);
    return before => push(listAt(before, field, '$push'));
  },
  $addToSet: (operand, field) => {
    const added = isFields(operand) && '$each' in operand ? eachOf(operand, '$addToSet') : [storableCopy(operand)];
    return before => {
      const list = [...listAt(before, field, '$addToSet')];
      for (const value of added) if (!list.some(element => isSameValue(element, value))) list.push(value);
      return isList(before) && list.length === before.length ? before : Object.freeze(list);
    };
  },
  $pull: (operand, field) => {
    const isPulled = pulling(operand);
    return before => {
      if (before === undefined) return undefined;
      const list = listAt(before, field, '$pull');
      const left = list.filter(element => !isPulled(element));
      return left.length === list.length ? before : Object.freeze(left);
    };
  },
};

function listAt(value: unknown, field: string, operator: string): readonly unknown[] {
  if (value === undefined) return [];
  if (isList(value)) return value;
  throw new InvalidOperationError(`${operator} needs a list in ${field}.`);
}

function arithmetic(
  operand: unknown,
  field: string,
  operator: string,
  apply: (value: number, by: number) => number,
): Change {
  if (typeof operand !== 'number') throw new InvalidOperationError(`${operator} of ${field} takes a number.`);
  return before => {
    if (before !== undefined && typeof before !== 'number') {
      throw new InvalidOperationError(`${operator} needs a number in ${field}.`);
    }
    return apply(before ?? 0, operand);
  };
}

function choice(operand: unknown, isBetter: (one: Key, other: Key) => boolean): Change {
  const value = storableCopy(operand);
  return before => (before === undefined || isBetter(valueKey(value), valueKey(before)) ? value : before);
}

function eachOf({ $each }: Fields, operator: string): readonly unknown[] {
  if (!isList($each)) throw new InvalidOperationError(`$each of ${operator} takes a list.`);
  return $each.map(storableCopy);
}

const PUSH_MODIFIERS = new Set(['$each', '$slice', '$sort', '$position']);

function pushing(operand: unknown, field: string): (list: readonly unknown[]) => unknown {
  if (!isFields(operand) || !('$each' in operand)) {
    const value = storableCopy(operand);
    return list => Object.freeze([...list, value]);
  }
  const unknown = Object.keys(operand).find(modifier => !PUSH_MODIFIERS.has(modifier));
  if (unknown !== undefined) throw new InvalidOperationError(`$push of ${field} does not know ${unknown}.`);
  const added = eachOf(operand, '$push');
  const { $position: position, $slice: slice, $sort: sort } = operand;
  for (const [name, value] of Object.entries({ $position: position, $slice: slice })) {
    if (value !== undefined && !Number.isInteger(value)) throw new InvalidOperationError(`${name} takes an integer.`);
  }
  const compare = sort === undefined ? undefined : elementOrder(sort);
  return list => {
    const at = typeof position === 'number' ? position : list.length;
    const pushed = list.toSpliced(at, 0, ...added);
    if (compare !== undefined) pushed.sort(compare);
    if (typeof slice !== 'number') return Object.freeze(pushed);
    return Object.freeze(slice < 0 ? pushed.slice(slice) : pushed.slice(0, slice));
  };
}

// A number sorts whole elements, a document sorts documents by their fields.
function elementOrder(sort: unknown): (one: unknown, other: unknown) => number {
  const isDirection = (value: unknown): value is 1 | -1 => value === 1 || value === -1;
  if (isDirection(sort)) return (one, other) => sort * compareKeys(valueKey(one), valueKey(other));
  if (!isFields(sort) || !Object.values(sort).every(isDirection)) {
    throw new InvalidOperationError('$sort of $push takes 1, -1 or fields with them.');
  }
  const fields = Object.entries(sort).map(([name, direction]) => ({
    path: splitPath(name),
    direction: Number(direction),
  }));
  return (one, other) => {
    for (const { path, direction } of fields) {
      const order = compareKeys(valueKey(valuesAt(one, path)[0]), valueKey(valuesAt(other, path)[0]));
      if (order !== 0) return direction * order;
    }
    return 0;
  };
}

function compareKeys(one: Key, other: Key): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

// A condition on elements (`{ $gte: 2 }`), on their fields (`{ k: 1 }`), or a value to be equal to.
function pulling(operand: unknown): (element: unknown) => boolean {
  if (operand instanceof RegExp || isOperators(operand)) {
    const matches = compileFilter({ element: operand });
    return element => matches({ element });
  }
  if (isFields(operand)) {
    const matches = compileFilter(operand);
    return element => isFields(element) && matches(element);
  }
  const value = storableCopy(operand);
  return element => isSameValue(element, value);
}
