import { type Filter, InvalidOperationError } from '../collection.ts';
import { type Fields, isFields, isList } from './values.ts';

/** Whether an operand is made of operators (`{ $gt: 1 }`) and not a document to be equal to. */
export function isOperators(operand: unknown): operand is Fields {
  if (!isFields(operand) || operand instanceof RegExp) return false;
  const [first] = Object.keys(operand);
  return first !== undefined && first.startsWith('$');
}

/**
 * Throws `InvalidOperationError` for what a filter must not hold: undefined (which, left out, would match everything),
 * functions, and `$where`.
 */
export function assertFilter(filter: Filter): void {
  if (!isFields(filter)) throw new InvalidOperationError('A filter is an object.');
  assertOperand(filter);
}

function assertOperand(operand: unknown): void {
  if (typeof operand !== 'object' || operand === null) {
    if (operand === undefined) throw new InvalidOperationError('A filter holds no undefined.');
    if (typeof operand === 'function') throw new InvalidOperationError('A filter holds no function.');
    return;
  }
  if (isList(operand)) operand.forEach(assertOperand);
  else if (isFields(operand) && !(operand instanceof RegExp)) {
    for (const field of Object.keys(operand)) {
      if (field === '$where' || field === '$function') throw new InvalidOperationError(`${field} is not supported.`);
      assertOperand(operand[field]);
    }
  }
}
