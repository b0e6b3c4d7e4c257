import { type EventStatus } from '../../schemas/event.ts';
import { type Page } from '../../schemas/paging.ts';
import { type EventDocument } from './event-document.ts';
import { findPage } from './paging.ts';
import { type Collection, type CollectionSpec, type IndexSpec } from './store/collection.ts';
import {
  type InsertOptions,
  type NewDocument,
  notDeleted,
  pendingChangeIndex,
  type UpdateOptions,
  type UpdateOutcome,
  type VersionedCollection,
} from './versioned.ts';

/** What the list can be sorted by. */
export const eventSortFields = ['date.end', 'date.updated'] as const;
export type EventSortField = (typeof eventSortFields)[number];

/** The collection `events`. Its ids come from the Discovery API, so none of them is an id of ours. */
export const spec: CollectionSpec = {
  name: 'events',
  ids: [],
  indexes: [
    ...eventSortFields.flatMap((field): IndexSpec[] => [
      { name: `list_${field}`, key: { [field]: 1, _id: 1 } },
      { name: `list_status_${field}`, key: { status: 1, [field]: 1, _id: 1 } },
    ]),
    pendingChangeIndex,
  ],
};

/** Says whether a text can be the id of a show; the versioned collection needs to know. */
export function isEventId(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(id);
}

export interface EventListQuery {
  readonly status?: EventStatus | undefined;
  /** The last instant by which the shows end. */
  readonly until?: Date | undefined;
  readonly sortBy: EventSortField;
  readonly direction: 1 | -1;
  readonly page: number;
  readonly pageSize: number;
}

export interface EventsDatastore {
  /** Gives null when there is none, also for an ill-formed id. */
  findById(eventId: string): Promise<EventDocument | null>;
  /** Gives the shows that there are, in any order. */
  findByIds(eventIds: readonly string[]): Promise<EventDocument[]>;
  /** Throws `DuplicateKeyError` on `_id` when the show is known. */
  insert(content: NewDocument<EventDocument>, options: InsertOptions<EventDocument>): Promise<EventDocument>;
  /** Gives null when there is none; throws `VersionMismatchError` and whatever `apply` throws. */
  update(
    eventId: string,
    apply: (current: EventDocument) => EventDocument | Promise<EventDocument>,
    options: UpdateOptions<EventDocument>,
  ): Promise<UpdateOutcome<EventDocument> | null>;
  list(query: EventListQuery): Promise<Page<EventDocument>>;
}

/** Gives the door to the events. */
export function createEventsDatastore({
  collection,
  versioned,
}: {
  readonly collection: Collection<EventDocument>;
  readonly versioned: VersionedCollection<EventDocument>;
}): EventsDatastore {
  return {
    findById: eventId => versioned.findById(eventId),
    findByIds: async eventIds =>
      eventIds.length === 0 ? [] : collection.find({ _id: { $in: eventIds }, ...notDeleted }),
    insert: (content, options) => versioned.insert(content, options),
    update: (eventId, apply, options) => versioned.update(eventId, apply, options),
    list: ({ status, until, sortBy, direction, ...page }) =>
      findPage(
        collection,
        {
          ...(status !== undefined && { status }),
          ...(until !== undefined && { 'date.end': { $lte: until } }),
          ...notDeleted,
        },
        { [sortBy]: direction, _id: direction },
        page,
      ),
  };
}
