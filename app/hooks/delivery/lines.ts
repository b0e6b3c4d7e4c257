import { type ChangeRecord } from '../../datastore/changes.ts';

/** A change that waits in memory to be delivered to one effect. */
export interface Waiting {
  readonly record: ChangeRecord;
  /** How often it was tried in vain. */
  readonly attempts: number;
}

/**
 * The changes that wait for one effect, a line for each document in the order of its versions. The head of a line is
 * ready, held (under way, or being looked at), or it waits for its time; the others wait for the head.
 */
export interface Lines {
  /** How many changes wait, those under way included. */
  readonly size: number;
  /** How many heads are ready. */
  readonly readyCount: number;
  /** How many changes wait behind a head. */
  readonly behindCount: number;
  has(changeId: string): boolean;
  /** How many changes of a document wait. */
  lengthOf(documentId: string): number;
  add(waiting: Waiting): void;
  /** Holds the heads of the lines that have been ready longest, as long as `accept` takes them, `max` at most. */
  take(max: number, accept: (head: Waiting) => boolean): Waiting[];
  /** The held head is done: the next in line is ready. */
  finish(waiting: Waiting): void;
  /** The held head is ready again, or will be at a time (milliseconds since 1970). */
  release(waiting: Waiting, readyAt?: number): void;
  /** Lets go of a whole line; gives what stood in it. */
  drop(documentId: string): Waiting[];
  /** Makes the heads ready whose time has come; gives when the next one's comes. */
  wake(now: number): number | undefined;
  clear(): void;
}

interface Line {
  readonly waiting: Waiting[];
  isHeld: boolean;
}

/** Gives empty lines. */
export function createLines(): Lines {
  const lines = new Map<string, Line>();
  const changeIds = new Set<string>();
  /** The documents whose heads are ready, the longest waiting first. */
  const ready = new Set<string>();
  const readyAt = new Map<string, number>();

  const hold = (documentId: string, line: Line): void => {
    ready.delete(documentId);
    line.isHeld = true;
  };

  const drop = (documentId: string): Waiting[] => {
    const waiting = lines.get(documentId)?.waiting ?? [];
    for (const { record } of waiting) changeIds.delete(record._id);
    lines.delete(documentId);
    ready.delete(documentId);
    readyAt.delete(documentId);
    return waiting;
  };

  return {
    get size() {
      return changeIds.size;
    },
    get readyCount() {
      return ready.size;
    },
    get behindCount() {
      return changeIds.size - lines.size;
    },
    has: changeId => changeIds.has(changeId),
    lengthOf: documentId => lines.get(documentId)?.waiting.length ?? 0,
    add(added) {
      const { _id, documentId, version } = added.record;
      if (changeIds.has(_id)) return;
      changeIds.add(_id);
      const line = lines.get(documentId);
      if (line === undefined) {
        lines.set(documentId, { waiting: [added], isHeld: false });
        ready.add(documentId);
        return;
      }
      const after = line.waiting.findLastIndex(({ record }) => record.version < version);
      line.waiting.splice(after + 1, 0, added);
      // An older change than the head that waits for its time takes its place.
      if (after === -1 && !line.isHeld) {
        readyAt.delete(documentId);
        ready.add(documentId);
      }
    },
    take(max, accept) {
      const taken: Waiting[] = [];
      for (const documentId of ready) {
        if (taken.length >= max) break;
        const line = lines.get(documentId);
        const head = line?.waiting[0];
        if (line === undefined || head === undefined || !accept(head)) continue;
        hold(documentId, line);
        taken.push(head);
      }
      return taken;
    },
    finish({ record }) {
      const line = lines.get(record.documentId);
      const at = line?.waiting.findIndex(one => one.record._id === record._id) ?? -1;
      if (line === undefined || at === -1) return;
      changeIds.delete(record._id);
      line.waiting.splice(at, 1);
      line.isHeld = false;
      if (line.waiting.length === 0) lines.delete(record.documentId);
      else ready.add(record.documentId);
    },
    release(waiting, time) {
      const { documentId, _id } = waiting.record;
      const line = lines.get(documentId);
      const at = line?.waiting.findIndex(one => one.record._id === _id) ?? -1;
      if (line === undefined || at === -1) return;
      line.waiting[at] = waiting;
      line.isHeld = false;
      if (time === undefined || at !== 0) ready.add(documentId);
      else readyAt.set(documentId, time);
    },
    drop,
    wake(now) {
      let next: number | undefined;
      for (const [documentId, time] of readyAt) {
        if (time <= now) {
          readyAt.delete(documentId);
          ready.add(documentId);
        } else if (next === undefined || time < next) {
          next = time;
        }
      }
      return next;
    },
    clear() {
      lines.clear();
      changeIds.clear();
      ready.clear();
      readyAt.clear();
    },
  };
}
