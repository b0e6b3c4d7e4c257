import { InvalidOperationError, type IndexSpec, type Sort } from '../collection.ts';
import { type Key, prefixKey } from './keys.ts';
import { splitPath } from './paths.ts';

/** One field of an index's key. */
export interface IndexField {
  readonly name: string;
  readonly path: readonly string[];
  readonly isDescending: boolean;
}

/** How an index is written down: its declaration and what the store must remember of it. */
export interface IndexRecord {
  readonly name: string;
  readonly number: number;
  readonly key: Sort;
  readonly unique: boolean;
  readonly sparse: boolean;
  /** Bit n is set once field n has held a list in some document: it may then have several entries for one document. */
  readonly listFields: number;
  /** Writes maintain an index that is being built; queries use it when it is ready; a dropped one only waits to be cleared. */
  readonly state: 'building' | 'ready' | 'dropped';
}

/** An index at work. */
export interface Index extends IndexRecord {
  readonly fields: readonly IndexField[];
  /** What the keys of all its entries begin with. */
  readonly prefix: Key;
  /** Whether `_id` is one of the fields. */
  readonly holdsId: boolean;
  listFields: number;
  state: IndexRecord['state'];
}

/** Makes an index of what was written down. */
export function indexOf(record: IndexRecord): Index {
  const fields = Object.entries(record.key).map(([name, direction]) => ({
    name,
    path: splitPath(name),
    isDescending: direction === -1,
  }));
  return { ...record, fields, prefix: prefixKey(record.number), holdsId: '_id' in record.key };
}

/** What to write down of an index. */
export function recordOf({ name, number, key, unique, sparse, listFields, state }: Index): IndexRecord {
  return { name, number, key, unique, sparse, listFields, state };
}

/** A new index from its declaration. Throws `InvalidOperationError` for a key that cannot be served. */
export function newIndex({ name, key, unique = false, sparse = false }: IndexSpec, number: number): Index {
  const names = Object.keys(key);
  if (names.length === 0 || names.length > 30) throw new InvalidOperationError(`Index ${name} needs 1 to 30 fields.`);
  if (names.some(field => /(^|\.)(\d+|\$.*)?(\.|$)/.test(field))) {
    throw new InvalidOperationError(`Index ${name} has a field that is no path of names.`);
  }
  return indexOf({ name, number, key, unique, sparse, listFields: 0, state: 'building' });
}

/** Whether an index is what a declaration asks for. */
export function isSameIndex(index: Index, { name, key, unique = false, sparse = false }: IndexSpec): boolean {
  return (
    index.name === name &&
    index.unique === unique &&
    index.sparse === sparse &&
    JSON.stringify(index.key) === JSON.stringify(key)
  );
}
