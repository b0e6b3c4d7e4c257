import { type Page } from '../../schemas/paging.ts';
import { PromoterNameConflictError } from '../errors.ts';
import { withConflicts } from './conflicts.ts';
import { findPage } from './paging.ts';
import { type PromoterDocument } from './promoter-document.ts';
import { type Collection, type CollectionSpec, type IndexSpec } from './store/collection.ts';
import {
  type InsertOptions,
  type NewDocument,
  notDeleted,
  pendingChangeIndex,
  type RemoveOptions,
  type RemoveOutcome,
  type UpdateOptions,
  type UpdateOutcome,
  type VersionedCollection,
} from './versioned.ts';

/** What the list can be sorted by. */
export const promoterSortFields = ['name', 'date.created', 'date.updated'] as const;
export type PromoterSortField = (typeof promoterSortFields)[number];

/** The collection `promoters`. */
export const spec: CollectionSpec = {
  name: 'promoters',
  ids: ['_id'],
  indexes: [
    { name: 'nameKey', key: { nameKey: 1 }, unique: true, sparse: true },
    ...promoterSortFields.map((field): IndexSpec => ({ name: `list_${field}`, key: { [field]: 1, _id: 1 } })),
    pendingChangeIndex,
  ],
};

export interface PromoterListQuery {
  readonly sortBy: PromoterSortField;
  readonly direction: 1 | -1;
  readonly page: number;
  readonly pageSize: number;
}

export interface PromotersDatastore {
  /** Gives null when there is none, also for an ill-formed id. */
  findById(promoterId: string): Promise<PromoterDocument | null>;
  /** Which of the ids are promoters. */
  selectExisting(promoterIds: readonly string[]): Promise<Set<string>>;
  /** Throws `PromoterNameConflictError`. */
  insert(content: NewDocument<PromoterDocument>, options: InsertOptions<PromoterDocument>): Promise<PromoterDocument>;
  /** Gives null when there is none; throws `VersionMismatchError`, `PromoterNameConflictError`, and whatever `apply` throws. */
  update(
    promoterId: string,
    apply: (current: PromoterDocument) => PromoterDocument | Promise<PromoterDocument>,
    options: UpdateOptions<PromoterDocument>,
  ): Promise<UpdateOutcome<PromoterDocument> | null>;
  /** Gives null when there is none; throws `VersionMismatchError`. */
  remove(promoterId: string, options: RemoveOptions<PromoterDocument>): Promise<RemoveOutcome<PromoterDocument> | null>;
  list(query: PromoterListQuery): Promise<Page<PromoterDocument>>;
}

const conflicts = { nameKey: () => new PromoterNameConflictError() };

/** Gives the door to the promoters. */
export function createPromotersDatastore({
  collection,
  versioned,
}: {
  readonly collection: Collection<PromoterDocument>;
  readonly versioned: VersionedCollection<PromoterDocument>;
}): PromotersDatastore {
  return {
    findById: promoterId => versioned.findById(promoterId),
    async selectExisting(promoterIds) {
      const found = await collection.find({ _id: { $in: promoterIds }, ...notDeleted }, { projection: { _id: 1 } });
      return new Set(found.map(promoter => promoter._id));
    },
    insert: (content, options) => withConflicts(conflicts, versioned.insert(content, options)),
    update: (promoterId, apply, options) => withConflicts(conflicts, versioned.update(promoterId, apply, options)),
    remove: (promoterId, options) => versioned.remove(promoterId, options),
    list: ({ sortBy, direction, ...page }) =>
      findPage(collection, notDeleted, { [sortBy]: direction, _id: direction }, page),
  };
}
