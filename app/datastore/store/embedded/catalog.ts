import { LRUCache } from 'lru-cache';
import { type Environment } from './environment.ts';
import { type Index, indexOf, type IndexRecord, recordOf } from './index-definition.ts';
import { type Key, prefixKey } from './keys.ts';
import { primaryKey, type PrimaryKey } from './planner.ts';
import { type Document } from './values.ts';

/** What the store knows of one collection while it runs. */
export interface CollectionState {
  readonly name: string;
  readonly number: number;
  /** What the keys of all its documents begin with. */
  readonly prefix: Key;
  readonly primary: PrimaryKey;
  /** Its indexes, those being built and those waiting to be cleared away included. */
  indexes: Index[];
  /** Decoded documents of the newest snapshot, bounded by the bytes that they take up when encoded. */
  readonly cache: LRUCache<string, Document>;
  /** Whether what is written down of it is out of date. */
  isStale: boolean;
}

/** All collections, by name. */
export interface Catalog {
  /** The state of a collection, made when there is none; written down with the first change. */
  state(name: string): CollectionState;
  states(): Iterable<CollectionState>;
  /** A number that no index has, or had without being cleared away. */
  newIndexNumber(): number;
}

/** How a collection is written down. */
interface CollectionRecord {
  readonly number: number;
  readonly indexes: readonly IndexRecord[];
}

/** What to write down of a collection. */
export function collectionRecord({ number, indexes }: CollectionState): CollectionRecord {
  return { number, indexes: indexes.map(recordOf) };
}

/** Reads the catalog. `cacheBytes` bounds the decoded documents of each collection, counted in encoded bytes. */
export function readCatalog(environment: Environment, cacheBytes: number): Catalog {
  const states = new Map<string, CollectionState>();
  for (const [name, value] of environment.catalog()) {
    const { number, indexes } = value as CollectionRecord;
    states.set(name, newState(name, number, indexes.map(interrupted).map(indexOf), cacheBytes));
  }
  const all = (): number[] => [...states.values()].flatMap(({ indexes }) => indexes.map(({ number }) => number));
  let lastIndex = Math.max(0, ...all());
  let lastCollection = Math.max(0, ...[...states.values()].map(({ number }) => number));
  return {
    state(name) {
      const known = states.get(name);
      if (known !== undefined) return known;
      const state = newState(name, (lastCollection += 1), [], cacheBytes);
      state.isStale = true;
      states.set(name, state);
      return state;
    },
    states: () => states.values(),
    newIndexNumber: () => (lastIndex += 1),
  };
}

// What was being built when the process ended is cleared away and built anew.
function interrupted(record: IndexRecord): IndexRecord {
  return record.state === 'building' ? { ...record, state: 'dropped' } : record;
}

function newState(name: string, number: number, indexes: Index[], cacheBytes: number): CollectionState {
  const prefix = prefixKey(number);
  const cache = new LRUCache<string, Document>({ maxSize: cacheBytes });
  return { name, number, prefix, primary: primaryKey(prefix), indexes, cache, isStale: false };
}
