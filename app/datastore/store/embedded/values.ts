import { types } from 'node:util';
import { InvalidOperationError } from '../collection.ts';

/** The fields of a document or of a document inside it. */
export type Fields = Readonly<Record<string, unknown>>;

/** A document as the store holds it: plain, deeply frozen, without `undefined`. */
export interface Document extends Fields {
  readonly _id: string;
}

/** Whether a value is a document inside a document: an object that is no list, date or bytes. */
export function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

/** Whether a value is a list; narrows to `unknown`, where `Array.isArray` would narrow to `any`. */
export const isList: (value: unknown) => value is readonly unknown[] = Array.isArray;

/**
 * A deeply frozen copy of a value, fit to be stored: fields that are undefined are left out, undefined in a list becomes
 * null, -0 becomes 0. Throws `InvalidOperationError` for what cannot be stored (functions, symbols, bigints, instances of
 * classes, invalid dates, a field called `__proto__`).
 */
export function storableCopy(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'number':
      return value === 0 ? 0 : value;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      if (isList(value))
        return Object.freeze(value.map(element => (element === undefined ? null : storableCopy(element))));
      if (value instanceof Date) return storableDate(value);
      if (value instanceof Uint8Array) return new Uint8Array(value);
      // Dates of another realm are no instances of this one's.
      return types.isDate(value) ? storableDate(value) : storableFields(value);
    case 'undefined':
    case 'function':
    case 'symbol':
    case 'bigint':
      throw new InvalidOperationError(`A value of type ${typeof value} cannot be stored.`);
    default:
      return value;
  }
}

/** As `storableCopy`, for the fields of a document. */
export function storableFields(fields: object): Fields {
  const prototype: unknown = Object.getPrototypeOf(fields);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
    throw new InvalidOperationError('An instance of a class cannot be stored.');
  }
  const copy: Record<string, unknown> = {};
  // Not by entries: this copies all that is ever written, and a pair for each field would be most of its cost.
  for (const field of Object.keys(fields)) {
    const value: unknown = (fields as Fields)[field];
    if (value === undefined) continue;
    if (field === '__proto__') throw new InvalidOperationError('A field cannot be called __proto__.');
    copy[field] = storableCopy(value);
  }
  return Object.freeze(copy);
}

/** Deep equality as MongoDB compares values: the order of fields counts. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return Number.isNaN(one) && Number.isNaN(other);
  }
  if (one instanceof Date) return other instanceof Date && one.getTime() === other.getTime();
  if (isList(one)) {
    return isList(other) && one.length === other.length && one.every((value, at) => isSameValue(value, other[at]));
  }
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (!isFields(one) || !isFields(other)) return false;
  const fields = Object.keys(one);
  const others = Object.keys(other);
  if (fields.length !== others.length) return false;
  return fields.every((field, at) => field === others[at] && isSameValue(one[field], other[field]));
}

function storableDate(date: Date): Date {
  const copy = new Date(date.getTime());
  if (Number.isNaN(copy.getTime())) throw new InvalidOperationError('An invalid date cannot be stored.');
  return copy;
}

// UTF-8 has no lone surrogates: what is kept in memory must equal what a later read decodes.
function wellFormed(text: string): string {
  return /^[\x00-\ud7ff]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('utf8');
}
