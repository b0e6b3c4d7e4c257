import { type JournalDocument, type JournalPosition, measurePatches } from '../../datastore/state-journal.ts';
import { type StateChange, toStateChanges } from './events.ts';

/** The last documents of a campaign's journal, in memory: what most subscribers who come back have missed. */
export interface JournalTail {
  add(document: JournalDocument): void;
  /** The changes after a cursor; null when the cursor is of another history, undefined when the tail does not reach it. */
  selectSince(cursor: JournalPosition): StateChange[] | null | undefined;
  clear(): void;
  readonly bytes: number;
}

/** Keeps the last documents, up to so many versions and bytes of patches; the last one always. */
export function createJournalTail({ maxVersions = 512, maxBytes = 256 * 1024 } = {}): JournalTail {
  let documents: JournalDocument[] = [];
  let bytes = 0;
  let versions = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(document) {
      documents.push(document);
      bytes += measurePatches(document.changes);
      versions += document.changes.length;
      while (documents.length > 1 && (versions > maxVersions || bytes > maxBytes)) {
        const first = documents.shift();
        if (first === undefined) break;
        bytes -= measurePatches(first.changes);
        versions -= first.changes.length;
      }
    },
    selectSince({ version, changeId }) {
      let at = documents.length - 1;
      while (at >= 0 && (documents[at]?.from ?? 0) > version) at -= 1;
      const holder = documents[at];
      if (holder === undefined) return undefined;
      if (holder.to < version || holder._id !== changeId) return null;
      return documents.slice(at).flatMap(document => toStateChanges(document).filter(one => one.version > version));
    },
    clear() {
      documents = [];
      bytes = 0;
      versions = 0;
    },
  };
}
