import { type CampaignState } from '../../app/datastore/state-fold.ts';
import {
  createStateJournal,
  type JournalChange,
  type JournalDocument,
  spec as journalSpec,
  type StateJournalDatastore,
} from '../../app/datastore/state-journal.ts';
import {
  createStateSnapshots,
  type SnapshotDocument,
  spec as snapshotsSpec,
  type StateSnapshotsDatastore,
} from '../../app/datastore/state-snapshots.ts';
import { type Store } from '../../app/datastore/store/collection.ts';
import { createId } from '../../lib/ids.ts';

/** The journal and the snapshots of live states in a store, with their indexes. */
export async function openStateJournal(
  store: Store,
): Promise<{ journal: StateJournalDatastore; snapshots: StateSnapshotsDatastore }> {
  await Promise.all([journalSpec, snapshotsSpec].map(spec => store.collection(spec).createIndexes()));
  return {
    journal: createStateJournal({ collection: store.collection<JournalDocument>(journalSpec) }),
    snapshots: createStateSnapshots({ collection: store.collection<SnapshotDocument>(snapshotsSpec) }),
  };
}

/** A document of the journal with a change for each patch. */
export function buildJournalDocument(
  campaignId: string,
  from: number,
  patches: readonly CampaignState[],
  fields: Partial<JournalChange> & { readonly _id?: string } = {},
): JournalDocument {
  const { _id = createId(), ...rest } = fields;
  const changes = patches.map((patch, at): JournalChange => ({
    version: from + at,
    eventId: createId(),
    patch: JSON.stringify(patch),
    cause: 'update',
    by: 'user-1',
    at: new Date('2026-03-01T12:00:00.000Z'),
    bodyHash: 'hash',
    ...rest,
  }));
  return { _id, campaignId, from, to: from + patches.length - 1, changes };
}
