import { Query } from 'mingo';
import { type Filter, InvalidOperationError } from '../collection.ts';
import { isOperators } from './filter-syntax.ts';
import { type Key, type KIND_RANGES, valueKey } from './keys.ts';
import { reach, splitPath } from './paths.ts';
import { type Fields, isList } from './values.ts';

/** Whether a document matches. */
export type Predicate = (document: Fields) => boolean;

const ALWAYS: Predicate = () => true;

/**
 * Compiles a filter. Comparisons with a scalar are decided here, because a guarded write costs less than mingo needs to
 * compile its filter; everything else is mingo's. Throws `InvalidOperationError` for an operator that mingo does not know.
 */
export function compileFilter(filter: Filter): Predicate {
  const clauses = Object.entries(filter).map(([field, operand]) => compileClause(field, operand));
  const [only] = clauses;
  if (clauses.length <= 1) return only ?? ALWAYS;
  return document => clauses.every(matches => matches(document));
}

/** mingo's judgement of a filter, its complaints about the filter made `InvalidOperationError`s. */
export function mingoPredicate(filter: Filter): Predicate {
  try {
    const query = new Query({ ...filter });
    return document => query.test(document);
  } catch (error) {
    throw new InvalidOperationError(`The filter is not valid: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}

function compileClause(field: string, operand: unknown): Predicate {
  if (field === '$and' && isList(operand) && operand.length > 0) {
    const all = operand.map(branch => compileFilter(branch as Filter));
    return document => all.every(matches => matches(document));
  }
  if (field === '$or' && isList(operand) && operand.length > 0) {
    const any = operand.map(branch => compileFilter(branch as Filter));
    return document => any.some(matches => matches(document));
  }
  if (!field.startsWith('$')) {
    if (isScalar(operand)) return comparison(field, '$eq', operand);
    if (isOperators(operand)) {
      const operators = Object.entries(operand);
      if (operators.every(([operator, value]) => isSimple(operator, value))) {
        const all = operators.map(([operator, value]) => comparison(field, operator, value));
        return document => all.every(matches => matches(document));
      }
    }
  }
  return mingoPredicate({ [field]: operand });
}

function isSimple(operator: string, operand: unknown): boolean {
  switch (operator) {
    case '$eq':
    case '$ne':
      return isScalar(operand);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return isScalar(operand) && operand !== null && !Number.isNaN(operand);
    case '$in':
    case '$nin':
      return isList(operand) && operand.every(isScalar);
    case '$exists':
      return typeof operand === 'boolean';
    default:
      return false;
  }
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' ? true : value === null || value instanceof Date;
}

/** A comparison of what a path leads to; where a list lies on the path's way, mingo decides. */
function comparison(field: string, operator: string, operand: unknown): Predicate {
  const path = splitPath(field);
  const test = valueTest(operator, operand);
  let throughLists: Predicate | undefined;
  return document => {
    const reached = reach(document, path);
    if (!reached.isThroughList) return test(reached.value);
    throughLists ??= mingoPredicate({ [field]: { [operator]: operand } });
    return throughLists(document);
  };
}

function valueTest(operator: string, operand: unknown): (value: unknown) => boolean {
  switch (operator) {
    case '$ne':
      return negation(valueTest('$eq', operand));
    case '$nin':
      return negation(valueTest('$in', operand));
    case '$exists':
      return value => (value !== undefined) === operand;
    case '$in': {
      const tests = (operand as readonly unknown[]).map(equality);
      return anyElement(value => tests.some(test => test(value)));
    }
    case '$eq':
      return anyElement(equality(operand));
    default:
      return anyElement(order(operator, operand));
  }
}

const negation =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    !test(value);

const anyElement =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    isList(value) ? value.some(element => element !== undefined && test(element)) : test(value);

function equality(operand: unknown): (value: unknown) => boolean {
  if (operand === null) return value => value === null || value === undefined;
  if (operand instanceof Date) {
    const time = operand.getTime();
    return value => value instanceof Date && value.getTime() === time;
  }
  if (Number.isNaN(operand)) return value => Number.isNaN(value);
  return value => value === operand;
}

// Values of other kinds than the operand's do not compare; strings compare by their UTF-8, as their keys do.
function order(operator: string, operand: unknown): (value: unknown) => boolean {
  const kind = operand instanceof Date ? 'date' : (typeof operand as keyof typeof KIND_RANGES);
  const key = comparable(operand);
  return value => {
    if ((value instanceof Date ? 'date' : typeof value) !== kind || Number.isNaN(value)) return false;
    const other = comparable(value);
    switch (operator) {
      case '$gt':
        return other > key;
      case '$gte':
        return other >= key;
      case '$lt':
        return other < key;
      default:
        return other <= key;
    }
  };
}

function comparable(value: unknown): number | Key {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? valueKey(value) : Number(value);
}
