import { isSameJson } from '../../lib/merge-patch.ts';
import { applyDocument, BEGINNING, type CampaignState, JournalGapError, type PositionedState } from './state-fold.ts';
import { type JournalChange, type JournalDocument, type StateJournalDatastore } from './state-journal.ts';
import { type StateSnapshot, type StateSnapshotsDatastore } from './state-snapshots.ts';

interface Dependencies {
  readonly journal: StateJournalDatastore;
  readonly snapshots: StateSnapshotsDatastore;
}

/** One record of an export: a line of JSON, instants as ISO 8601 text. */
export type StateRecord =
  | { readonly kind: 'snapshot'; readonly snapshot: StateSnapshot }
  | { readonly kind: 'document'; readonly document: JournalDocument };

/** What a check of a campaign's journal found. */
export interface JournalReport {
  /** The last version; 0 when there is none. */
  readonly version: number;
  readonly documents: number;
  readonly snapshots: number;
  /** What is wrong, in words; empty for a journal that is whole. */
  readonly faults: readonly string[];
}

/** Gives all that is kept of a campaign's live state, in order: first the snapshots, then the journal. */
export async function* exportState(
  { journal, snapshots }: Dependencies,
  campaignId: string,
): AsyncGenerator<StateRecord> {
  for (const version of await snapshots.listVersions(campaignId)) {
    const snapshot = await snapshots.findLatest(campaignId, version);
    if (snapshot?.version !== version) continue;
    const { changeId, state, at } = snapshot;
    yield { kind: 'snapshot', snapshot: { campaignId, version, changeId, state, at } };
  }
  for await (const document of readAll(journal, campaignId)) yield { kind: 'document', document };
}

/** Writes a record as a line. */
export function formatStateRecord(record: StateRecord): string {
  return JSON.stringify(record);
}

/** Reads a line that `formatStateRecord` wrote. Throws `SyntaxError` for another one. */
export function parseStateRecord(line: string): StateRecord {
  const record = JSON.parse(line) as StateRecord;
  if (record.kind === 'snapshot') {
    return { kind: 'snapshot', snapshot: { ...record.snapshot, at: new Date(record.snapshot.at) } };
  }
  if (record.kind !== 'document') throw new SyntaxError('This is no record of a live state.');
  const changes = record.document.changes.map((change): JournalChange => ({ ...change, at: new Date(change.at) }));
  return { kind: 'document', document: { ...record.document, changes } };
}

/**
 * Brings an exported state back. Records that are there already are left alone, so that an import which broke off can be
 * repeated. Throws an `Error` when the campaign's journal holds something else.
 */
export async function importState(
  { journal, snapshots }: Dependencies,
  records: AsyncIterable<StateRecord> | Iterable<StateRecord>,
): Promise<{ documents: number; snapshots: number }> {
  const imported = { documents: 0, snapshots: 0 };
  for await (const record of records) {
    if (record.kind === 'snapshot') {
      await snapshots.write(record.snapshot);
      imported.snapshots += 1;
      continue;
    }
    const { campaignId, from } = record.document;
    if (!(await journal.append(record.document)).isStored)
      throw new Error(`The journal of ${campaignId} holds another version ${from} than the import.`);
    imported.documents += 1;
  }
  return imported;
}

/** Checks that a campaign's journal is whole: no gap, every event once, and each snapshot equal to what the patches make. */
export async function verifyState({ journal, snapshots }: Dependencies, campaignId: string): Promise<JournalReport> {
  const faults: string[] = [];
  const versions = await snapshots.listVersions(campaignId);
  const pending = new Set(versions);
  const eventIds = new Set<string>();
  let documents = 0;
  let current: PositionedState | undefined;
  const compare = async ({ version, changeId, state }: PositionedState): Promise<void> => {
    if (!pending.delete(version)) return;
    const snapshot = await snapshots.findLatest(campaignId, version);
    if (snapshot?.changeId !== changeId) faults.push(`The snapshot of version ${version} names another change.`);
    else if (!isSameJson(state, JSON.parse(snapshot.state) as CampaignState))
      faults.push(`The snapshot of version ${version} is not what the patches make.`);
  };

  for await (const document of readAll(journal, campaignId)) {
    documents += 1;
    try {
      current ??= await findBase(snapshots, campaignId, document.from);
      current = applyDocument(current, document);
    } catch (error) {
      if (!(error instanceof JournalGapError || error instanceof SyntaxError)) throw error;
      faults.push(error.message);
      break;
    }
    if (document.to !== current.version) faults.push(`${document._id} ends at ${current.version}, not ${document.to}.`);
    for (const { eventId } of document.changes) {
      if (eventIds.has(eventId)) faults.push(`The event ${eventId} is recorded twice.`);
      eventIds.add(eventId);
    }
    await compare(current);
  }
  for (const version of pending) {
    if (version > (current?.version ?? 0) && documents > 0)
      faults.push(`The snapshot of version ${version} has no change.`);
  }
  return { version: current?.version ?? 0, documents, snapshots: versions.length, faults };
}

/** What the first document that is left builds upon: the beginning, or the snapshot that the journal was pruned at. */
async function findBase(
  snapshots: StateSnapshotsDatastore,
  campaignId: string,
  from: number,
): Promise<PositionedState> {
  if (from === 1) return BEGINNING;
  const snapshot = await snapshots.findLatest(campaignId, from - 1);
  if (snapshot?.version !== from - 1) throw new JournalGapError(campaignId, (snapshot?.version ?? 0) + 1, from);
  return { ...snapshot, state: JSON.parse(snapshot.state) as CampaignState };
}

async function* readAll(journal: StateJournalDatastore, campaignId: string): AsyncGenerator<JournalDocument> {
  for (let version = 0; ;) {
    const documents = await journal.readSince(campaignId, version);
    yield* documents;
    const last = documents.at(-1);
    if (last === undefined) return;
    version = last.to;
  }
}
