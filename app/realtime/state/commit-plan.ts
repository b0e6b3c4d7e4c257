import { performance } from 'node:perf_hooks';
import { InternalError, PayloadTooLargeError, ServiceError, VersionMismatchError } from '../../../lib/errors.ts';
import { reduceMergePatch } from '../../../lib/merge-patch.ts';
import { type CampaignState, type PositionedState } from '../../datastore/state-fold.ts';
import { type JournalChange, type JournalDocument, selectPreviousId } from '../../datastore/state-journal.ts';
import { measureGrowth } from './json-size.ts';
import { MAX_STATE_BYTES } from './operations.ts';
import { createStateDraft } from './state-draft.ts';

/** A change of a state, as the commit needs it. */
export interface StateWrite {
  readonly eventId: string;
  readonly bodyHash: string;
  readonly cause: string;
  /** An opaque reference to the user, or `system`. */
  readonly by: string;
  /** The version that the sender has seen; another one is a mismatch. */
  readonly expectedVersion?: number | undefined;
  /** Gives the merge patch that makes the change, null when there is nothing to be done any more. Throws what refuses it. */
  readonly selectPatch: (before: CampaignState) => CampaignState | null;
}

/** What is to become of the first writes of a queue. */
export interface CommitPlan<W extends StateWrite> {
  /** What is to be appended; null when no write makes a version. */
  readonly document: JournalDocument | null;
  /** The writes that make the versions of the document, in its order. */
  readonly accepted: readonly W[];
  /** The state after the last of them. */
  readonly state: CampaignState;
  /** Its size in bytes. */
  readonly stateBytes: number;
  readonly refused: readonly { readonly write: W; readonly error: ServiceError }[];
  readonly superseded: readonly W[];
  /** How many writes of the queue were looked at. */
  readonly taken: number;
}

/** A document of the journal has at most so many versions, and so many bytes of patches. */
export const MAX_CHANGES = 128;
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** Work on states goes on no longer than this in one go. */
const SLICE_MS = 8;

/** Plans the next document: which writes make versions on top of a state, and what each makes of it. Alters nothing. */
export function planCommit<W extends StateWrite>(
  writes: readonly W[],
  head: PositionedState,
  { campaignId, stateBytes, id, at }: { campaignId: string; stateBytes: number; id: string; at: Date },
): CommitPlan<W> {
  const changes: JournalChange[] = [];
  const accepted: W[] = [];
  const refused: { write: W; error: ServiceError }[] = [];
  const superseded: W[] = [];
  const draft = createStateDraft(head.state);
  let { version } = head;
  let bytes = 0;
  let taken = 0;
  const end = performance.now() + SLICE_MS;

  for (const write of writes) {
    if (changes.length === MAX_CHANGES || (changes.length > 0 && performance.now() > end)) break;
    try {
      if (write.expectedVersion !== undefined && write.expectedVersion !== version) {
        throw new VersionMismatchError(version);
      }
      const wanted = write.selectPatch(draft.state);
      if (wanted === null) {
        superseded.push(write);
        taken += 1;
        continue;
      }
      const difference = reduceMergePatch(draft.state, wanted);
      const nextBytes = stateBytes + measureGrowth(draft.state, difference);
      if (nextBytes > MAX_STATE_BYTES && nextBytes > stateBytes) {
        throw new PayloadTooLargeError(`The state of a campaign may have ${MAX_STATE_BYTES} bytes.`);
      }
      const patch = JSON.stringify(difference);
      const patchBytes = Buffer.byteLength(patch);
      if (changes.length > 0 && bytes + patchBytes > MAX_DOCUMENT_BYTES) break;
      version += 1;
      const { eventId, cause, by, bodyHash } = write;
      changes.push({ version, eventId, patch, cause, by, at, bodyHash });
      accepted.push(write);
      draft.apply(difference);
      stateBytes = nextBytes;
      bytes += patchBytes;
    } catch (error) {
      refused.push({ write, error: error instanceof ServiceError ? error : new InternalError(error) });
    }
    taken += 1;
  }
  const previousId = selectPreviousId(head);
  const document =
    changes.length === 0 ? null : { _id: id, campaignId, from: head.version + 1, to: version, previousId, changes };
  return { document, accepted, state: draft.state, stateBytes, refused, superseded, taken };
}
