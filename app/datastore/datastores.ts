import {
  createAttemptsDatastore,
  type AttemptDocument,
  type AttemptsDatastore,
  spec as attemptsSpec,
} from './attempts.ts';
import { type CampaignDocument } from './campaign-document.ts';
import { type CampaignsDatastore, createCampaignsDatastore, spec as campaignsSpec } from './campaigns.ts';
import {
  type ChangeFollower,
  type ChangeRecord,
  type Changes,
  createChanges,
  type Outbox,
  spec as changesSpec,
} from './changes.ts';
import { type ContactsDatastore, createContactsDatastore, spec as contactsSpec } from './contacts.ts';
import { type ContactDocument } from './contact-document.ts';
import { createDeliveriesDatastore, type DeliveriesDatastore } from './deliveries.ts';
import { createEventsDatastore, isEventId, type EventsDatastore, spec as eventsSpec } from './events.ts';
import { type EventDocument } from './event-document.ts';
import {
  createInstanceKeys,
  type InstanceKeyDocument,
  type InstanceKeys,
  spec as instanceKeysSpec,
} from './instance-keys.ts';
import { createLocks, type LockDocument, type Locks, spec as locksSpec } from './locks.ts';
import { createMarketsDatastore, type MarketsDatastore, spec as marketsSpec } from './markets.ts';
import { type MarketDocument } from './market-document.ts';
import { createPromotersDatastore, type PromotersDatastore, spec as promotersSpec } from './promoters.ts';
import { type PromoterDocument } from './promoter-document.ts';
import {
  createStateJournal,
  type JournalDocument,
  spec as stateJournalSpec,
  type StateJournalDatastore,
} from './state-journal.ts';
import {
  createStateSnapshots,
  type SnapshotDocument,
  spec as stateSnapshotsSpec,
  type StateSnapshotsDatastore,
} from './state-snapshots.ts';
import { type Collection, type CollectionSpec, type Store } from './store/collection.ts';
import { createUsersDatastore, spec as usersSpec, type UserDocument, type UsersDatastore } from './users.ts';
import { createVersionedCollection, type VersionedCollection, type VersionedDocument } from './versioned.ts';

/** Every door to the database. */
export interface Datastores {
  readonly campaigns: CampaignsDatastore;
  readonly markets: MarketsDatastore;
  readonly events: EventsDatastore;
  readonly promoters: PromotersDatastore;
  readonly contacts: ContactsDatastore;
  readonly changes: Changes;
  readonly deliveries: DeliveriesDatastore;
  readonly locks: Locks;
  readonly instanceKeys: InstanceKeys;
  readonly users: UsersDatastore;
  readonly attempts: AttemptsDatastore;
  readonly stateJournal: StateJournalDatastore;
  readonly stateSnapshots: StateSnapshotsDatastore;
}

/** The collections of the service. */
export const specs: readonly CollectionSpec[] = [
  campaignsSpec,
  marketsSpec,
  eventsSpec,
  promotersSpec,
  contactsSpec,
  changesSpec,
  locksSpec,
  instanceKeysSpec,
  usersSpec,
  attemptsSpec,
  stateJournalSpec,
  stateSnapshotsSpec,
];

/** The collections whose documents carry a change record. */
export function openVersionedCollections(store: Store): ReadonlyMap<string, Collection<VersionedDocument>> {
  const versioned = [campaignsSpec, marketsSpec, eventsSpec, promotersSpec, contactsSpec];
  return new Map(versioned.map(spec => [spec.name, store.collection<VersionedDocument>(spec)]));
}

/** What a collection's documents need besides the usual. */
const particulars: Readonly<
  Record<string, { readonly redact?: readonly string[]; readonly isId?: (id: string) => boolean }>
> = {
  // Hashes of passwords, and what is encrypted, are no part of history.
  campaigns: { redact: ['password'] },
  contacts: { redact: ['email', 'phone'] },
  events: { isId: isEventId },
};

/** Opens the datastores over a store. */
export function createDatastores({
  store,
  changes,
  outbox,
  clock,
}: {
  readonly store: Store;
  readonly changes: Changes;
  readonly outbox: Outbox;
  readonly clock: () => Date;
}): Datastores {
  const open = <T extends VersionedDocument>(
    spec: CollectionSpec,
  ): { collection: Collection<T>; versioned: VersionedCollection<T> } => {
    const collection = store.collection<T>(spec);
    const versioned = createVersionedCollection({ collection, changes, outbox, clock, ...particulars[spec.name] });
    return { collection, versioned };
  };
  return {
    campaigns: createCampaignsDatastore(open<CampaignDocument>(campaignsSpec)),
    markets: createMarketsDatastore(open<MarketDocument>(marketsSpec)),
    events: createEventsDatastore(open<EventDocument>(eventsSpec)),
    promoters: createPromotersDatastore(open<PromoterDocument>(promotersSpec)),
    contacts: createContactsDatastore(open<ContactDocument>(contactsSpec)),
    changes,
    deliveries: createDeliveriesDatastore({ collection: store.collection<ChangeRecord>(changesSpec) }),
    locks: createLocks({ collection: store.collection<LockDocument>(locksSpec), clock }),
    instanceKeys: createInstanceKeys({
      collection: store.collection<InstanceKeyDocument>(instanceKeysSpec),
      clock,
      location: store.location,
    }),
    users: createUsersDatastore({ collection: store.collection<UserDocument>(usersSpec), clock }),
    attempts: createAttemptsDatastore({ collection: store.collection<AttemptDocument>(attemptsSpec) }),
    stateJournal: createStateJournal({ collection: store.collection<JournalDocument>(stateJournalSpec) }),
    stateSnapshots: createStateSnapshots({ collection: store.collection<SnapshotDocument>(stateSnapshotsSpec) }),
  };
}

/** Opens the collection of changes, which the outbox and the datastores share. */
export function openChanges(store: Store, follower?: ChangeFollower): Changes {
  return createChanges({ collection: store.collection<ChangeRecord>(changesSpec), ...(follower && { follower }) });
}
