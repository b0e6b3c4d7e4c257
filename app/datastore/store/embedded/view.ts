import { type CollectionState } from './catalog.ts';
import { type Environment, type Snapshot } from './environment.ts';
import { valueKey } from './keys.ts';
import { type Document } from './values.ts';

/** What a query looks at: a snapshot, and for a write what the writes before it changed. */
export interface View {
  readonly snapshot: Snapshot;
  document(state: CollectionState, id: string): Document | undefined;
  /** The documents, by `_id`, that differ from the snapshot; null is a deleted one. */
  changed(state: CollectionState): ReadonlyMap<string, Document | null> | undefined;
}

/** A view of the newest snapshot, which stays as it is while later ones come. Release its snapshot when done. */
export function readView(environment: Environment): View {
  const { snapshot } = environment;
  return {
    snapshot,
    changed: () => undefined,
    document: (state, id) =>
      snapshot.number === environment.snapshot.number
        ? readThrough(snapshot, state, id)
        : readPast(snapshot, state, id),
  };
}

/** A document of the newest snapshot, decoded once and kept. */
export function readThrough(snapshot: Snapshot, state: CollectionState, id: string): Document | undefined {
  const { cache, prefix } = state;
  const cached = cache.get(id);
  if (cached !== undefined) return cached;
  const read = snapshot.document(prefix + valueKey(id));
  if (read === undefined) return undefined;
  cache.set(id, read.document, { size: read.size });
  return read.document;
}

// The cache has moved on to a newer snapshot.
function readPast(snapshot: Snapshot, { prefix }: CollectionState, id: string): Document | undefined {
  return snapshot.document(prefix + valueKey(id))?.document;
}
