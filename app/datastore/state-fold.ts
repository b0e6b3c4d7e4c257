import { applyMergePatch } from '../../lib/merge-patch.ts';
import {
  isLinked,
  type JournalDocument,
  type JournalPosition,
  selectPreviousId,
  type StateJournal,
} from './state-journal.ts';
import { type StateSnapshots } from './state-snapshots.ts';

/** A live state: plain JSON, an object at the root, without null members outside arrays. Never altered. */
export type CampaignState = Readonly<Record<string, unknown>>;

/** A live state and its place in the journal. */
export interface PositionedState extends JournalPosition {
  readonly state: CampaignState;
  /** When the version was made. */
  readonly at: Date;
}

/** The journal does not go on where it must: a document is missing, starts elsewhere, or follows another one. */
export class JournalGapError extends Error {
  override readonly name = 'JournalGapError';
}

/** What every state begins with, before its first version. */
export const BEGINNING: PositionedState = { version: 0, changeId: '', state: {}, at: new Date(0) };

/** Gives the state after a patch as the journal keeps it. */
export function applyPatchText(state: CampaignState, patch: string): CampaignState {
  return applyMergePatch(state, JSON.parse(patch)) as CampaignState;
}

/** Says that the journal of a campaign lacks the version that comes after a position. */
export function createGapError(
  campaignId: string,
  { version }: JournalPosition,
  found: JournalDocument | undefined,
): JournalGapError {
  const next = found?.from ?? 'nothing';
  return new JournalGapError(`The journal of ${campaignId} should go on with version ${version + 1}, and has ${next}.`);
}

/** Says that a position is not in the journal of a campaign (any more). */
export function createLostError(campaignId: string, { version, changeId }: JournalPosition): JournalGapError {
  return new JournalGapError(`The journal of ${campaignId} does not have version ${version} in ${changeId}.`);
}

/** Says that a document was built upon another one than the one before it. */
export function formatForeignLink(before: JournalPosition, { _id, from, previousId }: JournalDocument): string {
  return `${_id}, from version ${from}, follows ${previousId}, and not ${selectPreviousId(before)}, which is before it.`;
}

/** Whether a document follows a position, and was built upon it. */
export function isNext(before: JournalPosition, document: JournalDocument): boolean {
  return document.from === before.version + 1 && isLinked(before, document);
}

/**
 * Throws `JournalGapError` when a document does not follow a position: for whoever does not know whether the position is
 * still in the journal.
 */
export function throwIfNotNext(before: JournalPosition, document: JournalDocument): void {
  if (document.from !== before.version + 1) throw createGapError(document.campaignId, before, document);
  if (!isLinked(before, document)) throw new JournalGapError(formatForeignLink(before, document));
}

/**
 * Gives the state after the next document of the journal, or after its versions up to `until`. What lies in the journal
 * follows what lies before it, whatever it was built upon: so all who read it see the same. Throws `JournalGapError`.
 */
export function applyDocument(before: PositionedState, document: JournalDocument, until = Infinity): PositionedState {
  if (document.from !== before.version + 1) throw createGapError(document.campaignId, before, document);
  let { version, state, at } = before;
  for (const change of document.changes) {
    if (change.version > until) break;
    state = applyPatchText(state, change.patch);
    ({ version, at } = change);
  }
  return { version, changeId: document._id, state, at };
}

/** Gives the state of the latest snapshot, of a version up to `version` when it is given; the beginning without one. */
async function readSnapshot(
  snapshots: Pick<StateSnapshots, 'findLatest'>,
  campaignId: string,
  version?: number,
): Promise<PositionedState> {
  const snapshot = await snapshots.findLatest(campaignId, version);
  if (snapshot === null) return BEGINNING;
  const { version: found, changeId, state, at } = snapshot;
  return { version: found, changeId, state: JSON.parse(state) as CampaignState, at };
}

interface States {
  readonly journal: Pick<StateJournal, 'readSince' | 'readBefore'>;
  readonly snapshots: Pick<StateSnapshots, 'findLatest'>;
}

/**
 * Builds the state at a version, or the newest one: the latest snapshot and the journal since. A snapshot of a history
 * that was lost is passed over for an earlier one. Null when the journal does not hold the version (any more), or is
 * empty. Throws `JournalGapError`.
 */
export async function readState(
  { journal, snapshots }: States,
  campaignId: string,
  version = Infinity,
): Promise<PositionedState | null> {
  let lost: JournalPosition | undefined;
  for (let until = version; ;) {
    const base = await readSnapshot(snapshots, campaignId, until === Infinity ? undefined : until);
    const state = await readOnto(base, journal, campaignId, version);
    if (state !== null) {
      if (state.version === 0 && lost !== undefined) throw createLostError(campaignId, lost);
      return state.version === 0 || (version !== Infinity && state.version !== version) ? null : state;
    }
    lost ??= base;
    until = base.version - 1;
  }
}

/**
 * Applies the journal to a state that was read, as far as it has versions up to one. Null when that state is of another
 * history. Throws `JournalGapError`.
 */
async function readOnto(
  base: PositionedState,
  journal: States['journal'],
  campaignId: string,
  version: number,
): Promise<PositionedState | null> {
  let state = base;
  do {
    const [documents, [holder]] = await Promise.all([
      journal.readSince(campaignId, state.version, state.version < version ? undefined : 1),
      state === base && base.version > 0 ? journal.readBefore(campaignId, base.version + 1, 1) : [],
    ]);
    const [first] = documents;
    const next = first?.from === state.version + 1 ? first : undefined;
    if (state === base && base.version > 0) {
      // Where the document that held the state is pruned, the one after it tells.
      const isHeld = holder === undefined ? next === undefined || isLinked(base, next) : holder._id === base.changeId;
      if (!isHeld) return null;
    }
    if (first === undefined) return state;
    // Without a snapshot before it, what is left of a pruned journal cannot be built upon.
    if (next === undefined && version !== Infinity && (state.version === 0 || first.from > version)) return state;
    for (const document of documents) {
      if (state.version >= version) break;
      state = applyDocument(state, document, version);
    }
  } while (state.version < version);
  return state;
}
