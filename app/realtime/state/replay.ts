import { type PositionedState } from '../../datastore/state-fold.ts';
import { isLinked, type JournalPosition, measurePatches, type StateJournal } from '../../datastore/state-journal.ts';
import { type StateChange, toStateChanges } from './events.ts';
import { type JournalTail } from './journal-tail.ts';

/** More than this is not replayed: a snapshot is smaller and sooner applied. */
const MAX_REPLAYED_VERSIONS = 512;
const MAX_REPLAYED_BYTES = 256 * 1024;

/** A replay that was read up to where the memory goes on. */
export interface PreparedReplay {
  /** Gives, synchronously, all changes since the cursor; null when a snapshot must do. */
  complete(): readonly StateChange[] | null;
}

export interface ReplayReader {
  /** Reads what a cursor has missed, as far as the memory does not have it. */
  prepare(cursor: JournalPosition): Promise<PreparedReplay>;
  /** The changes since a version of the current history, if they are at hand; else null. */
  selectSinceVersion(version: number): Promise<readonly StateChange[] | null>;
}

/** Reads replays from the tail and, beyond it, from the journal. */
export function createReplayReader({
  campaignId,
  journal,
  tail,
  selectHead,
  readOn,
}: {
  readonly campaignId: string;
  readonly journal: Pick<StateJournal, 'readAt' | 'readSince'>;
  readonly tail: JournalTail;
  readonly selectHead: () => PositionedState;
  readonly readOn: () => Promise<void>;
}): ReplayReader {
  /** The changes since a cursor without any reading; null for another history, undefined where the memory does not reach. */
  const selectAtHand = (cursor: JournalPosition): readonly StateChange[] | null | undefined => {
    const head = selectHead();
    if (cursor.version === head.version) return cursor.changeId === head.changeId ? [] : null;
    return cursor.version > head.version ? null : tail.selectSince(cursor);
  };
  const isShort = (changes: readonly StateChange[]): boolean =>
    changes.length <= MAX_REPLAYED_VERSIONS && measurePatches(changes) <= MAX_REPLAYED_BYTES;

  return {
    async prepare(cursor) {
      // A subscriber that comes from another instance may have seen more than this one.
      if (cursor.version > selectHead().version) await readOn();
      const read: StateChange[] = [];
      let end = cursor;
      if (selectAtHand(cursor) === undefined) {
        const holder = await journal.readAt(campaignId, cursor.version);
        if (holder?._id !== cursor.changeId) return { complete: () => null };
        read.push(...toStateChanges(holder).filter(({ version }) => version > cursor.version));
        end = { version: holder.to, changeId: holder._id };
      }
      while (selectAtHand(end) === undefined && isShort(read)) {
        const documents = await journal.readSince(campaignId, end.version, 8);
        if (documents.length === 0) return { complete: () => null };
        for (const document of documents) {
          if (document.from !== end.version + 1 || !isLinked(end, document)) return { complete: () => null };
          read.push(...toStateChanges(document));
          end = { version: document.to, changeId: document._id };
        }
      }
      return {
        complete() {
          const atHand = selectAtHand(end);
          const changes = atHand === null || atHand === undefined ? null : [...read, ...atHand];
          return changes !== null && isShort(changes) ? changes : null;
        },
      };
    },
    async selectSinceVersion(version) {
      const holder = version === selectHead().version ? selectHead() : await journal.readAt(campaignId, version);
      if (holder === null) return null;
      const changes = selectAtHand({ version, changeId: '_id' in holder ? holder._id : holder.changeId });
      return changes === null || changes === undefined || !isShort(changes) ? null : changes;
    },
  };
}
