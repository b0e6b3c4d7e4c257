import { applyPatchText, type CampaignState } from '../../datastore/state-fold.ts';
import { type JournalChange, type JournalDocument, type JournalPosition } from '../../datastore/state-journal.ts';

/** One version, as subscribers get it. `patch` is JSON text, ready to be put into a frame. */
export interface StateChange extends Omit<JournalChange, 'bodyHash'> {
  readonly changeId: string;
}

/** The whole state at a version. */
export interface StateSnapshotEvent extends JournalPosition {
  readonly kind: 'snapshot';
  readonly campaignId: string;
  readonly state: CampaignState;
  /** When the version was made. */
  readonly at: Date;
}

/** The versions since a subscriber's cursor; none when it is up to date. */
export interface StateReplay {
  readonly kind: 'replay';
  readonly campaignId: string;
  readonly changes: readonly StateChange[];
}

/** Versions that were just committed together, here or by another instance. */
export interface StateBatch {
  readonly kind: 'batch';
  readonly campaignId: string;
  readonly changes: readonly StateChange[];
  /** The state before the first change … */
  readonly before: CampaignState;
  /** … after the last … */
  readonly after: CampaignState;
  /** … and after each: made when it is asked for the first time, which costs as much as the changes did. */
  readonly states: readonly CampaignState[];
}

/** What a subscriber gets: first a snapshot or a replay, then batches without a gap; a snapshot again where history was lost. */
export type StateEvent = StateSnapshotEvent | StateReplay | StateBatch;

/** Called with each event in order, in the turn of the event loop in which it happens. Must not throw. */
export type StateListener = (event: StateEvent) => void;

/** Makes the batch of a document that led from one state to another. */
export function createStateBatch(document: JournalDocument, before: CampaignState, after: CampaignState): StateBatch {
  let states: CampaignState[] | undefined;
  return {
    kind: 'batch',
    campaignId: document.campaignId,
    changes: toStateChanges(document),
    before,
    after,
    get states() {
      if (states === undefined) {
        let state = before;
        states = document.changes.map(({ patch }) => (state = applyPatchText(state, patch)));
      }
      return states;
    },
  };
}

/** Whether a patch, as JSON text, touches the variants. What merely looks so counts as well: a key of that name anywhere. */
export function mayTouchVariants(patch: string): boolean {
  return patch.includes('"variants"');
}

/** The changes of a document of the journal as subscribers get them. */
export function toStateChanges({ _id: changeId, changes }: JournalDocument): StateChange[] {
  return changes.map(({ version, eventId, patch, cause, by, at }) => ({
    version,
    changeId,
    eventId,
    patch,
    cause,
    by,
    at,
  }));
}
