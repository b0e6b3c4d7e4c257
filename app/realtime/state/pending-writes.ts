import { ServiceError, ServiceUnavailableError, TimeoutError } from '../../../lib/errors.ts';
import { type JournalPosition } from '../../datastore/state-journal.ts';
import { type StateWrite } from './commit-plan.ts';

/** The answer to a write. */
export interface Acknowledgement extends JournalPosition {
  /** When the version was made. */
  readonly at: Date;
  /**
   * `committed`: the journal has it now. `repeated`: it had it already, at this version. `superseded`: what it says is
   * older than what the state holds, so there was nothing to do; the version is the current one.
   */
  readonly outcome: 'committed' | 'repeated' | 'superseded';
}

/** A write that waits for its turn, or is under way. */
export interface PendingWrite extends StateWrite {
  readonly answer: Promise<Acknowledgement>;
  /** Whether the journal was read on because the write expects a version that this process does not know. */
  isReadFor: boolean;
}

/** The writes of one campaign, in the order in which they came. */
export interface PendingWrites {
  readonly size: number;
  /** Whether one more would have to wait too long. */
  readonly isFull: boolean;
  /** Those that wait for an answer, the oldest first; the others leave the line. Not to be asked while some are held. */
  list(): readonly PendingWrite[];
  /** Those that are held, answered or not. */
  listHeld(): readonly PendingWrite[];
  /** The write of an event that is not settled yet. */
  find(eventId: string): PendingWrite | undefined;
  add(write: StateWrite): PendingWrite;
  /** Answers a write; only the first answer counts. */
  settle(write: PendingWrite, outcome: Acknowledgement | Error): void;
  /** Notes that the first so many are being written: what becomes of them is undecided until they are taken or put back. */
  hold(count: number): void;
  putBack(): void;
  /** Takes the first so many from the line. */
  take(count: number): void;
  /** Answers all with an error: nothing of them is under way. */
  refuseAll(error: Error): void;
  /** Gives up those that have waited longer than this, in milliseconds. */
  giveUp(maxWaitMs: number): void;
}

interface Entry extends PendingWrite {
  /** By a clock that only goes forward. */
  readonly waitsSince: number;
  readonly resolve: (acknowledgement: Acknowledgement) => void;
  readonly reject: (error: Error) => void;
  isSettled: boolean;
}

/** So many writes may wait for one campaign, however long that takes: much may come at once. */
const MAX_BURST = 512;
/** Where that was not enough lately, so many: more than a campaign can take would make all of them late. */
const MAX_STANDING = 256;
const LATELY_MS = 1_000;
/** So many may wait … */
const MAX_PENDING = 4096;
/** … while none of them has waited longer than this. */
const MAX_WAIT_MS = 50;

/**
 * Gives an empty line of writes.
 *
 * @param now milliseconds of a clock that only goes forward
 * @param onRefused told of the type of each error that a write was answered with
 */
export function createPendingWrites({
  now,
  onRefused,
}: {
  readonly now: () => number;
  readonly onRefused?: ((type: string) => void) | undefined;
}): PendingWrites {
  let line: Entry[] = [];
  /** How many at the front of the line are being written. */
  let held = 0;
  /** When one more would have had to wait too long. */
  let fullAtMs = -Infinity;
  const waiting = new Map<string, Entry>();

  const settle = (write: PendingWrite, outcome: Acknowledgement | Error): void => {
    const entry = write as Entry;
    if (entry.isSettled) return;
    entry.isSettled = true;
    waiting.delete(entry.eventId);
    if (outcome instanceof Error) {
      onRefused?.(outcome instanceof ServiceError ? outcome.type : outcome.name);
      entry.reject(outcome);
    } else entry.resolve(outcome);
  };

  return {
    get size() {
      return line.length;
    },
    get isFull() {
      const [first] = line;
      if (first === undefined || line.length < MAX_STANDING) return false;
      const nowMs = now();
      if (line.length < MAX_BURST && nowMs - fullAtMs > LATELY_MS) return false;
      const isFull = line.length >= MAX_PENDING || nowMs - first.waitsSince > MAX_WAIT_MS;
      if (isFull) fullAtMs = nowMs;
      return isFull;
    },
    list() {
      line = line.filter(({ isSettled }) => !isSettled);
      return line;
    },
    listHeld: () => line.slice(0, held),
    find: eventId => waiting.get(eventId),
    add(write) {
      let resolve: Entry['resolve'] = () => undefined;
      let reject: Entry['reject'] = () => undefined;
      const answer = new Promise<Acknowledgement>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
      });
      // What is spread first and added to afterwards costs many times as much: each new member is a new shape.
      const entry: Entry = { answer, waitsSince: now(), resolve, reject, isSettled: false, isReadFor: false, ...write };
      line.push(entry);
      waiting.set(write.eventId, entry);
      return entry;
    },
    settle,
    hold(count) {
      held = count;
    },
    putBack() {
      held = 0;
    },
    take(count) {
      line.splice(0, count);
    },
    refuseAll(error) {
      for (const entry of line.splice(0)) settle(entry, error);
    },
    giveUp(maxWaitMs) {
      const limit = now() - maxWaitMs;
      line.forEach((entry, at) => {
        if (entry.waitsSince > limit) return;
        const message = 'The update waited too long for others. Nothing was written.';
        settle(entry, at < held ? new TimeoutError() : new ServiceUnavailableError('campaign state', { message }));
      });
    },
  };
}
