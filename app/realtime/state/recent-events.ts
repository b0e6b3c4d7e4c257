import { type JournalDocument, type RecordedEvent, toRecordedEvent } from '../../datastore/state-journal.ts';

/** The events of a campaign that were recorded last: most repeats are found here, without a question to the database. */
export interface RecentEvents {
  get(eventId: string): RecordedEvent | undefined;
  add(document: JournalDocument): void;
  clear(): void;
  readonly size: number;
}

/** Keeps the last `max` events. Whatever it has forgotten, the journal's unique index knows. */
export function createRecentEvents(max = 512): RecentEvents {
  const holders = new Map<string, JournalDocument>();
  return {
    get size() {
      return holders.size;
    },
    get(eventId) {
      const holder = holders.get(eventId);
      const change = holder?.changes.find(one => one.eventId === eventId);
      return holder === undefined || change === undefined ? undefined : toRecordedEvent(holder, change);
    },
    add(document) {
      for (const { eventId } of document.changes) holders.set(eventId, document);
      for (const eventId of holders.keys()) {
        if (holders.size <= max) break;
        holders.delete(eventId);
      }
    },
    clear: () => holders.clear(),
  };
}
