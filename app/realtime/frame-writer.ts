import { performance } from 'node:perf_hooks';

/** What frames wait for. */
export interface Writable {
  /** Writes all that waits, in one go. Told whether it was added for an answer. */
  write(isAnswer: boolean): void;
}

/**
 * Has connections written to one after the other: a write costs the same for one frame as for several, so each
 * connection gets what has come together for it, and nobody at the event loop is held up by many connections.
 */
export interface FrameWriter {
  /** Has a connection written to soon. Those who wait for an answer come before those who follow what happens. */
  add(connection: Writable, isAnswer: boolean): void;
  /** Resolves when all those who follow, and were added before, have been written to. */
  whenWritten(): Promise<void>;
}

/**
 * So long the event loop may be held by writing to sockets: as long as everything else took since the last time, within
 * these. Short slices let frames of several campaigns come together; where there is much to do, both sides get their half.
 */
const SLICE_MS = { least: 2, most: 5 };
/** So many are written to before the clock is looked at. */
const SLICE_CHECK = 8;

/** Makes a writer that has nothing to write. `onError` is told what a write threw; the others are written to all the same. */
export function createFrameWriter(onError: (error: unknown) => void): FrameWriter {
  let answers: Writable[] = [];
  let followers: Writable[] = [];
  /** How many of those in `followers` had their turn. */
  let done = 0;
  /** How many had their turn in the lists before that. */
  let doneBefore = 0;
  let isAnnounced = false;
  let isSliced = false;
  /** When the last of several slices ended, by `performance.now()`. */
  let slicedAtMs = 0;
  const waiting: { readonly until: number; readonly resolve: () => void }[] = [];

  const tellWaiting = (): void => {
    const current = doneBefore + done;
    while (waiting[0] !== undefined && waiting[0].until <= current) waiting.shift()?.resolve();
  };

  const write = (connection: Writable | undefined, isAnswer: boolean): void => {
    try {
      connection?.write(isAnswer);
    } catch (error) {
      onError(error);
    }
  };

  const writeAnswers = (): void => {
    const turn = answers;
    answers = [];
    for (const connection of turn) write(connection, true);
  };

  const writeSlice = (): void => {
    const startMs = performance.now();
    const othersMs = isSliced ? startMs - slicedAtMs : 0;
    const endMs = startMs + Math.min(Math.max(othersMs, SLICE_MS.least), SLICE_MS.most);
    while (done < followers.length) {
      write(followers[done], false);
      done += 1;
      if (done % SLICE_CHECK === 0 && performance.now() > endMs) break;
    }
    isSliced = done < followers.length;
    if (isSliced) {
      // Busy feeds add to the list before it ends: what is done leaves it.
      doneBefore += done;
      followers.splice(0, done);
      done = 0;
      slicedAtMs = performance.now();
      setImmediate(writeSlice);
    } else {
      doneBefore += done;
      done = 0;
      followers = [];
    }
    if (waiting.length > 0) tellWaiting();
  };

  const begin = (): void => {
    isAnnounced = false;
    if (answers.length > 0) writeAnswers();
    if (!isSliced && followers.length > 0) writeSlice();
  };

  return {
    add(connection, isAnswer) {
      (isAnswer ? answers : followers).push(connection);
      if (isAnnounced || (isSliced && !isAnswer)) return;
      isAnnounced = true;
      // What is answered and what is told together is written together.
      process.nextTick(begin);
    },
    whenWritten() {
      if (followers.length === 0) return Promise.resolve();
      return new Promise(resolve => waiting.push({ until: doneBefore + followers.length, resolve }));
    },
  };
}
