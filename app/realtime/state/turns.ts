import { type Timer } from '../../datastore/deadline.ts';

/**
 * Has several instances that write to the journal of one campaign take turns. When each writes as soon as it can, most
 * documents come second and are made anew: twice the work, and bad luck may go on and on. So who was second last time
 * goes first now, and what comes meanwhile goes together.
 */
export interface Turns {
  /** Notes a document that another instance wrote. */
  onOthersDocument(): void;
  /** Resolves after a document of our own when the others have had their turn: at once when there are none. */
  yield(ownMs: number): Promise<void>;
  /** Ends the wait: another instance has written, or something else is to be done. */
  hurry(): void;
}

/** No turn is waited for longer: the others may have nothing to write. */
const MAX_TURN_MS = 250;
/** How much each document tells of how long one takes: a database that stalled once makes nobody wait for long afterwards. */
const WEIGHT = 0.2;

/**
 * Begins without any others.
 *
 * @param random 0 to 1: two instances that wait for each other do not give up at the same moment
 */
export function createTurns({ timer, random }: { readonly timer: Timer; readonly random: () => number }): Turns {
  let areOthersWriting = false;
  /** How long a document of our own takes, in milliseconds. */
  let usualMs: number | undefined;
  let waiting: AbortController | undefined;
  return {
    onOthersDocument() {
      areOthersWriting = true;
    },
    async yield(ownMs) {
      usualMs = usualMs === undefined ? ownMs : usualMs + WEIGHT * (ownMs - usualMs);
      if (!areOthersWriting) return;
      areOthersWriting = false;
      waiting = new AbortController();
      // They have to hear of our document, and perhaps to read it, before they write theirs.
      await timer.wait(Math.min(MAX_TURN_MS, usualMs * (3 + random())), waiting.signal);
      waiting = undefined;
    },
    hurry: () => waiting?.abort(),
  };
}
