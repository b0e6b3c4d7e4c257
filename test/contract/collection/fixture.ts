import {
  type Collection,
  type CollectionSpec,
  type Store,
  type StoredDocument,
} from '../../../app/datastore/store/collection.ts';
import { type StoreCapabilities } from '../../support/stores.ts';

/** A document of any shape: the suite is about the store, not about an entity. */
export interface Thing extends StoredDocument {
  readonly [field: string]: unknown;
}

/** What a group of cases gets: fresh collections of one open store. */
export interface Fixture {
  /** The store under test; known once the tests run. */
  readonly store: () => Store;
  /** What the server of this target lacks; known once the tests run. */
  readonly capabilities: () => StoreCapabilities;
  /** A new, empty collection with its indexes created, holding the documents given. */
  readonly collection: (spec?: Partial<CollectionSpec>, documents?: readonly Thing[]) => Promise<Collection<Thing>>;
  /** A new, empty collection, nothing created yet. */
  readonly bareCollection: (spec?: Partial<CollectionSpec>) => Collection<Thing>;
}

/** The `_id`s of documents, in their order. */
export const idsOf = (documents: readonly Thing[]): string[] => documents.map(({ _id }) => _id);
