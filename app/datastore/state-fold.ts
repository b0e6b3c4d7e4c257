import { applyMergePatch } from '../../lib/merge-patch.ts';
import { type JournalDocument, type JournalPosition, type StateJournal } from './state-journal.ts';
import { type StateSnapshots } from './state-snapshots.ts';

/** A live state: plain JSON, an object at the root, without null members outside arrays. Never altered. */
export type CampaignState = Readonly<Record<string, unknown>>;

/** A live state and its place in the journal. */
export interface PositionedState extends JournalPosition {
  readonly state: CampaignState;
  /** When the version was made. */
  readonly at: Date;
}

/** The journal does not go on where it must: a document is missing, or starts elsewhere. */
export class JournalGapError extends Error {
  override readonly name = 'JournalGapError';

  constructor(campaignId: string, expected: number, found: number | undefined) {
    super(`The journal of ${campaignId} should go on with version ${expected}, and has ${found ?? 'nothing'}.`);
  }
}

/** What every state begins with, before its first version. */
export const BEGINNING: PositionedState = { version: 0, changeId: '', state: {}, at: new Date(0) };

/** Gives the state after a patch as the journal keeps it. */
export function applyPatchText(state: CampaignState, patch: string): CampaignState {
  return applyMergePatch(state, JSON.parse(patch)) as CampaignState;
}

/** Gives the state after the next document of the journal, or after its versions up to `until`. Throws `JournalGapError`. */
export function applyDocument(before: PositionedState, document: JournalDocument, until = Infinity): PositionedState {
  if (document.from !== before.version + 1) {
    throw new JournalGapError(document.campaignId, before.version + 1, document.from);
  }
  let { version, state, at } = before;
  for (const change of document.changes) {
    if (change.version > until) break;
    state = applyPatchText(state, change.patch);
    ({ version, at } = change);
  }
  return { version, changeId: document._id, state, at };
}

/** Gives the state of the latest snapshot, of a version up to `version` when it is given; the beginning without one. */
export async function readSnapshot(
  snapshots: Pick<StateSnapshots, 'findLatest'>,
  campaignId: string,
  version?: number,
): Promise<PositionedState> {
  const snapshot = await snapshots.findLatest(campaignId, version);
  if (snapshot === null) return BEGINNING;
  const { version: found, changeId, state, at } = snapshot;
  return { version: found, changeId, state: JSON.parse(state) as CampaignState, at };
}

/**
 * Builds the state at a version, or the newest one: the latest snapshot and the journal since. Null when the journal does
 * not hold the version (any more), or is empty. Throws `JournalGapError`.
 */
export async function readState(
  { journal, snapshots }: { readonly journal: Pick<StateJournal, 'readSince'>; readonly snapshots: StateSnapshots },
  campaignId: string,
  version = Infinity,
): Promise<PositionedState | null> {
  let state = await readSnapshot(snapshots, campaignId, version === Infinity ? undefined : version);
  const isFromBeginning = state.version === 0;
  while (state.version < version) {
    const documents = await journal.readSince(campaignId, state.version);
    const [first] = documents;
    // Without a snapshot before it, what is left of a pruned journal cannot be built upon.
    if (isFromBeginning && version !== Infinity && first !== undefined && first.from !== state.version + 1) return null;
    for (const document of documents) {
      if (document.from > version) break;
      state = applyDocument(state, document, version);
    }
    if (documents.length === 0) break;
  }
  return state.version === 0 || (version !== Infinity && state.version !== version) ? null : state;
}
