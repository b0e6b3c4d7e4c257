import { type Page } from '../../schemas/paging.ts';
import { type ContactDocument } from './contact-document.ts';
import { findPage } from './paging.ts';
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
export const contactSortFields = ['name', 'date.created', 'date.updated'] as const;
export type ContactSortField = (typeof contactSortFields)[number];

/** The collection `contacts`. */
export const spec: CollectionSpec = {
  name: 'contacts',
  ids: ['_id'],
  indexes: [
    ...contactSortFields.map((field): IndexSpec => ({ name: `list_${field}`, key: { [field]: 1, _id: 1 } })),
    pendingChangeIndex,
  ],
};

export interface ContactListQuery {
  readonly sortBy: ContactSortField;
  readonly direction: 1 | -1;
  readonly page: number;
  readonly pageSize: number;
}

export interface ContactsDatastore {
  /** Gives null when there is none, also for an ill-formed id. */
  findById(contactId: string): Promise<ContactDocument | null>;
  /** Gives the contacts that there are, in the order of the ids. */
  findByIds(contactIds: readonly string[]): Promise<ContactDocument[]>;
  /** Which of the ids are contacts. */
  selectExisting(contactIds: readonly string[]): Promise<Set<string>>;
  insert(content: NewDocument<ContactDocument>, options: InsertOptions<ContactDocument>): Promise<ContactDocument>;
  /** Gives null when there is none; throws `VersionMismatchError` and whatever `apply` throws. */
  update(
    contactId: string,
    apply: (current: ContactDocument) => ContactDocument | Promise<ContactDocument>,
    options: UpdateOptions<ContactDocument>,
  ): Promise<UpdateOutcome<ContactDocument> | null>;
  /** Gives null when there is none; throws `VersionMismatchError`. */
  remove(contactId: string, options: RemoveOptions<ContactDocument>): Promise<RemoveOutcome<ContactDocument> | null>;
  list(query: ContactListQuery): Promise<Page<ContactDocument>>;
}

/** Gives the door to the contacts. */
export function createContactsDatastore({
  collection,
  versioned,
}: {
  readonly collection: Collection<ContactDocument>;
  readonly versioned: VersionedCollection<ContactDocument>;
}): ContactsDatastore {
  return {
    findById: contactId => versioned.findById(contactId),
    async findByIds(contactIds) {
      const found = await collection.find({ _id: { $in: contactIds }, ...notDeleted });
      const byId = new Map(found.map(contact => [contact._id, contact]));
      return contactIds.flatMap(contactId => byId.get(contactId) ?? []);
    },
    async selectExisting(contactIds) {
      const found = await collection.find({ _id: { $in: contactIds }, ...notDeleted }, { projection: { _id: 1 } });
      return new Set(found.map(contact => contact._id));
    },
    insert: (content, options) => versioned.insert(content, options),
    update: (contactId, apply, options) => versioned.update(contactId, apply, options),
    remove: (contactId, options) => versioned.remove(contactId, options),
    list: ({ sortBy, direction, ...page }) =>
      findPage(collection, notDeleted, { [sortBy]: direction, _id: direction }, page),
  };
}
