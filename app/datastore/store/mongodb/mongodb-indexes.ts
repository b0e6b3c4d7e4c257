import { type IndexDescriptionInfo } from 'mongodb';
import { type IndexSpec } from '../collection.ts';

type Described = Pick<IndexDescriptionInfo, 'name' | 'key' | 'unique' | 'sparse'>;

/** Whether an index of a server is the one that is declared: under an old name there may be another key, or another rule. */
export function isSameIndex({ name, key, unique = false, sparse = false }: Described, declared: IndexSpec): boolean {
  return (
    name === declared.name &&
    unique === (declared.unique ?? false) &&
    sparse === (declared.sparse ?? false) &&
    // The order of the fields is part of the key.
    JSON.stringify(Object.entries(key)) === JSON.stringify(Object.entries(declared.key))
  );
}
