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
  const events = new Map<string, RecordedEvent>();
  return {
    get size() {
      return events.size;
    },
    get: eventId => events.get(eventId),
    add(document) {
      for (const change of document.changes) events.set(change.eventId, toRecordedEvent(document, change));
      for (const eventId of events.keys()) {
        if (events.size <= max) break;
        events.delete(eventId);
      }
    },
    clear: () => events.clear(),
  };
}
