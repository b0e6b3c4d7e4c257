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

/** A document of the journal with a change for each patch; without a `previousId` one from before there was such a link. */
export function buildJournalDocument(
  campaignId: string,
  from: number,
  patches: readonly CampaignState[],
  fields: Partial<JournalChange> & Partial<Pick<JournalDocument, '_id' | 'previousId'>> = {},
): JournalDocument {
  const { _id = createId(), previousId, ...rest } = fields;
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
  const to = from + patches.length - 1;
  return { _id, campaignId, from, to, ...(previousId !== undefined && { previousId }), changes };
}

/** Documents of one version each, every one built upon the one before it, that go on from a document or begin. */
export function buildLinkedDocuments(
  campaignId: string,
  before: JournalDocument | null,
  patches: readonly CampaignState[],
): JournalDocument[] {
  const documents: JournalDocument[] = [];
  for (const patch of patches) {
    const last = documents.at(-1) ?? before;
    const previousId = last?._id ?? null;
    documents.push(buildJournalDocument(campaignId, (last?.to ?? 0) + 1, [patch], { previousId }));
  }
  return documents;
}
