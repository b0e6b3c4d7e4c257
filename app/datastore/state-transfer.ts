import { isSameJson } from '../../lib/merge-patch.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { stateRecord } from '../../schemas/state-record.ts';
import {
  applyDocument,
  BEGINNING,
  type CampaignState,
  createGapError,
  formatForeignLink,
  JournalGapError,
  type PositionedState,
} from './state-fold.ts';
import {
  isLinked,
  type JournalChange,
  type JournalDocument,
  type JournalPosition,
  type StateJournalDatastore,
} from './state-journal.ts';
import { type StateSnapshot, type StateSnapshotsDatastore } from './state-snapshots.ts';

const records: Validator<unknown> = createValidator(stateRecord);

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

/** Reads a line that `formatStateRecord` wrote. Throws `SyntaxError` for another one, and says what is wrong with it. */
export function parseStateRecord(line: string): StateRecord {
  const record: unknown = JSON.parse(line);
  const [fault] = records.selectFaults(record);
  if (fault !== undefined) throw new SyntaxError(`This is no record of a live state: ${fault.path} ${fault.message}.`);
  const { kind, snapshot, document } = record as { kind: string; snapshot?: StateSnapshot; document?: JournalDocument };
  if (kind === 'snapshot' && snapshot !== undefined) {
    return { kind, snapshot: { ...snapshot, at: new Date(snapshot.at) } };
  }
  if (kind !== 'document' || document === undefined) throw new SyntaxError(`This is a record without its ${kind}.`);
  const changes = document.changes.map((change): JournalChange => ({ ...change, at: new Date(change.at) }));
  return { kind, document: { ...document, changes } };
}

/** What is to be imported does not go with itself, or not with what is there. */
export class StateImportError extends Error {
  override readonly name = 'StateImportError';
}

/**
 * Brings an exported state back. Records that are there already are left alone, so that an import which broke off can be
 * repeated, and one of the same history goes on where it ends. Snapshots come last: a history that does not go with what
 * is there leaves nothing behind. Throws `StateImportError`.
 */
export async function importState(
  { journal, snapshots }: Dependencies,
  campaignId: string,
  given: AsyncIterable<StateRecord> | Iterable<StateRecord>,
): Promise<{ documents: number; snapshots: number }> {
  const held: StateSnapshot[] = [];
  let documents = 0;
  let last: JournalPosition | undefined;
  for await (const record of given) {
    const owner = record.kind === 'snapshot' ? record.snapshot.campaignId : record.document.campaignId;
    if (owner !== campaignId) throw new StateImportError(`There is a record of ${owner} among those of ${campaignId}.`);
    if (record.kind === 'snapshot') {
      held.push(record.snapshot);
      continue;
    }
    const { document } = record;
    if (last === undefined) await throwIfApart(journal, document);
    else if (document.from !== last.version + 1) {
      throw new StateImportError(`After version ${last.version} there is version ${document.from}.`);
    } else if (!isLinked(last, document)) throw new StateImportError(formatForeignLink(last, document));
    if (!(await journal.append(document)).isStored) throw createOtherHistory(document);
    last = { version: document.to, changeId: document._id };
    documents += 1;
  }
  for (const snapshot of held) await snapshots.write(snapshot);
  return { documents, snapshots: held.length };
}

/** Throws when the first document that comes neither is there, nor follows what is. */
async function throwIfApart(journal: StateJournalDatastore, first: JournalDocument): Promise<void> {
  const head = await journal.readHead(first.campaignId);
  if (head === null) return;
  if (first.from === head.version + 1) {
    if (isLinked(head, first)) return;
    throw new StateImportError(formatForeignLink(head, first));
  }
  const known = await journal.readAt(first.campaignId, first.from);
  if (known?._id !== first._id) throw createOtherHistory(first);
}

function createOtherHistory({ campaignId, from }: JournalDocument): StateImportError {
  return new StateImportError(`The journal of ${campaignId} has another history: version ${from} is not that one.`);
}

/**
 * Checks that a campaign's journal is whole: no gap, each document built upon the one before it, every event once, and
 * each snapshot equal to what the patches make.
 */
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
      const before: PositionedState = current ?? (await findBase(snapshots, campaignId, document));
      current = applyDocument(before, document);
      if (!isLinked(before, document)) faults.push(formatForeignLink(before, document));
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
  first: JournalDocument,
): Promise<PositionedState> {
  if (first.from === 1) return BEGINNING;
  const snapshot = await snapshots.findLatest(campaignId, first.from - 1);
  if (snapshot?.version !== first.from - 1) throw createGapError(campaignId, snapshot ?? BEGINNING, first);
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
