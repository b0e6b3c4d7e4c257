import { DuplicateKeyError, InvalidOperationError } from '../collection.ts';
import { collectionRecord, type CollectionState } from './catalog.ts';
import { type Changes, type Environment } from './environment.ts';
import { changedKeys, entryKeys, isTouched } from './index-entries.ts';
import { type Index } from './index-definition.ts';
import { type Key, MAX_KEY_BYTES, valueKey } from './keys.ts';
import { readThrough, type View } from './view.ts';
import { type Document } from './values.ts';

/**
 * Writes that are made durable together. Each sees what those before it did, and takes back what it did itself when it
 * fails; nobody else sees anything before the commit.
 */
export interface Batch extends View {
  /** Throws `DuplicateKeyError` when the `_id`, or a key of a unique index, is taken. */
  insert(state: CollectionState, document: Document): void;
  /** Puts a document in the place of one with the same `_id`. Throws `DuplicateKeyError`. */
  replace(state: CollectionState, before: Document, after: Document): void;
  remove(state: CollectionState, document: Document): void;
  /** Adds a document's entries to one index. Throws `DuplicateKeyError`. */
  index(state: CollectionState, index: Index, document: Document): void;
  removeEntry(key: Key): void;
  /** Has the catalog write down anew what it holds of a collection. */
  recordState(state: CollectionState): void;
  /** Runs one operation; what it changed is taken back when it throws. Operations may lie in one another. */
  attempt<R>(operation: () => R): R;
  /** Everything to be committed, or undefined when nothing changed. */
  changes(): Changes | undefined;
  /** Brings the caches up to date, once the commit is published. */
  publish(): void;
}

/** As in MongoDB. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Begins a batch on the newest snapshot. */
export function createBatch(environment: Environment): Batch {
  const { snapshot } = environment;
  const documents = new Map<CollectionState, Map<string, Document | null>>();
  const entries = new Map<Key, string | null>();
  const stale = new Set<CollectionState>();
  const encoded = new Map<Key, Buffer | null>();
  const undo: (() => void)[] = [];

  const put = <V extends object | string | null>(map: Map<string, V>, key: string, value: V): void => {
    const before = map.get(key);
    undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
    map.set(key, value);
  };
  const putDocument = (state: CollectionState, id: string, document: Document | null): void => {
    let changed = documents.get(state);
    if (changed === undefined) documents.set(state, (changed = new Map<string, Document | null>()));
    put(changed, id, document);
    put(encoded, state.prefix + valueKey(id), document === null ? null : encode(environment, document));
    if (state.isStale) stale.add(state);
  };
  const ownerOf = (key: Key): string | undefined => {
    const changed = entries.get(key);
    return changed === undefined ? snapshot.entry(key) : (changed ?? undefined);
  };
  const claim = (state: CollectionState, index: Index, key: Key, id: string): void => {
    if (index.unique && (ownerOf(key) ?? id) !== id) throw new DuplicateKeyError(state.name, index.name);
    put(entries, key, id);
  };
  const release = (index: Index, key: Key, id: string): void => {
    // While an index is being built, a document that it has not reached yet may have a key that another one owns.
    if (index.unique && index.state === 'building' && ownerOf(key) !== id) return;
    put(entries, key, null);
  };
  /** Making keys notes in the index which fields hold lists: what is new of that is written down. */
  const note = (state: CollectionState, index: Index, listFields: number): void => {
    if (index.listFields === listFields) return;
    state.isStale = true;
    stale.add(state);
  };
  const reindex = (state: CollectionState, before: Document | undefined, after: Document | undefined): void => {
    const id = (before ?? after)?._id ?? '';
    for (const index of state.indexes) {
      if (index.state === 'dropped') continue;
      if (before !== undefined && after !== undefined && !isTouched(index, before, after)) continue;
      const { listFields } = index;
      const { added, removed } = entryChanges(index, before, after);
      note(state, index, listFields);
      for (const key of added) claim(state, index, key, id);
      for (const key of removed) release(index, key, id);
    }
  };
  const view: View = {
    snapshot,
    changed: state => documents.get(state),
    document(state, id) {
      const changed = documents.get(state)?.get(id);
      return changed === undefined ? readThrough(snapshot, state, id) : (changed ?? undefined);
    },
  };
  return {
    ...view,
    insert(state, document) {
      assertId(document._id);
      if (view.document(state, document._id) !== undefined) throw new DuplicateKeyError(state.name, '_id');
      reindex(state, undefined, document);
      putDocument(state, document._id, document);
    },
    replace(state, before, after) {
      if (before === after) return;
      reindex(state, before, after);
      putDocument(state, after._id, after);
    },
    remove(state, document) {
      reindex(state, document, undefined);
      putDocument(state, document._id, null);
    },
    index(state, index, document) {
      const { listFields } = index;
      const keys = entryKeys(index, document);
      note(state, index, listFields);
      for (const key of keys) claim(state, index, key, document._id);
    },
    removeEntry: key => put(entries, key, null),
    recordState(state) {
      state.isStale = true;
      stale.add(state);
    },
    attempt(operation) {
      const begun = undo.length;
      try {
        return operation();
      } catch (error) {
        for (const revert of undo.splice(begun).reverse()) revert();
        throw error;
      }
    },
    changes() {
      if (encoded.size + entries.size + stale.size === 0) return undefined;
      return {
        documents: encoded,
        entries,
        catalog: new Map([...stale].map(state => [state.name, collectionRecord(state)])),
      };
    },
    publish() {
      for (const state of stale) state.isStale = false;
      for (const [state, changed] of documents) {
        for (const [id, document] of changed) {
          // What nobody has read is not kept: most new documents are records that few ever look at.
          if (document === null) state.cache.delete(id);
          else if (state.cache.has(id))
            state.cache.set(id, document, { size: encoded.get(state.prefix + valueKey(id))?.length ?? 1 });
        }
      }
    },
  };
}

function entryChanges(
  index: Index,
  before: Document | undefined,
  after: Document | undefined,
): { readonly added: readonly Key[]; readonly removed: readonly Key[] } {
  if (before !== undefined && after !== undefined) return changedKeys(index, before, after);
  return {
    added: after === undefined ? [] : entryKeys(index, after),
    removed: before === undefined ? [] : entryKeys(index, before),
  };
}

// Here, not when all is committed, so that a document that cannot be encoded fails its own operation alone.
function encode(environment: Environment, document: Document): Buffer {
  const bytes = environment.encode(document);
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new InvalidOperationError('The document is too large.');
  return bytes;
}

function assertId(id: unknown): void {
  if (typeof id !== 'string' || id === '') throw new InvalidOperationError('An _id is a text that is not empty.');
  if (valueKey(id).length + 2 > MAX_KEY_BYTES) throw new InvalidOperationError('The _id is too long.');
}
