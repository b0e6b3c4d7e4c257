import {
  type JournalDocument,
  type RecordedEvent,
  type StateJournal,
  toRecordedEvent,
} from '../../datastore/state-journal.ts';
import { type StateSnapshot, type StateSnapshots } from '../../datastore/state-snapshots.ts';

interface Kept {
  documents: JournalDocument[];
  readonly events: Map<string, RecordedEvent>;
  readonly snapshots: Map<number, StateSnapshot>;
}

/**
 * A journal for one process that forgets everything at its end, and of each campaign all but the last `maxDocuments`
 * documents: for tests and demonstrations without persistence. It refuses what the database's unique indexes would.
 */
export function createMemoryJournal({ maxDocuments = 2000 } = {}): StateJournal & StateSnapshots {
  const campaigns = new Map<string, Kept>();
  const select = (campaignId: string): Kept => {
    let kept = campaigns.get(campaignId);
    if (kept === undefined) {
      kept = { documents: [], events: new Map<string, RecordedEvent>(), snapshots: new Map<number, StateSnapshot>() };
      campaigns.set(campaignId, kept);
    }
    return kept;
  };
  const findByEventIds: StateJournal['findByEventIds'] = async (campaignId, eventIds) =>
    eventIds.flatMap(eventId => select(campaignId).events.get(eventId) ?? []);

  return {
    async append(document) {
      const { campaignId, from, changes } = document;
      const kept = select(campaignId);
      if ((kept.documents.at(-1)?.to ?? 0) >= from) {
        const winner = kept.documents.find(other => other.from >= from) ?? null;
        return winner?._id === document._id ? { isStored: true } : { isStored: false, winner, recorded: [] };
      }
      const recorded = changes.flatMap(({ eventId }) => kept.events.get(eventId) ?? []);
      if (recorded.length > 0) return { isStored: false, winner: null, recorded };
      for (const change of changes) kept.events.set(change.eventId, toRecordedEvent(document, change));
      kept.documents.push(document);
      prune(kept, maxDocuments);
      return { isStored: true };
    },
    readSince: async (campaignId, version, limit = 32) =>
      select(campaignId)
        .documents.filter(({ from }) => from > version)
        .slice(0, limit),
    readBefore: async (campaignId, version, limit = 32) =>
      select(campaignId)
        .documents.filter(({ from }) => from < version)
        .slice(-limit)
        .reverse(),
    readAt: async (campaignId, version) =>
      select(campaignId).documents.find(({ from, to }) => from <= version && version <= to) ?? null,
    holds: async (campaignId, { version, changeId }) =>
      select(campaignId).documents.some(({ _id, from, to }) => _id === changeId && from <= version && version <= to),
    async readHead(campaignId) {
      const head = campaigns.get(campaignId)?.documents.at(-1);
      return head === undefined ? null : { version: head.to, changeId: head._id };
    },
    selectExisting: async campaignIds => new Set(campaignIds.filter(campaignId => campaigns.has(campaignId))),
    findByEventIds,
    findNews: async () => new Map(),
    async findLatest(campaignId, version = Infinity) {
      const versions = [...select(campaignId).snapshots.keys()].filter(one => one <= version);
      return select(campaignId).snapshots.get(Math.max(...versions)) ?? null;
    },
    async write(snapshot) {
      select(snapshot.campaignId).snapshots.set(snapshot.version, snapshot);
    },
  };
}

/** Forgets, a quarter at a time, the oldest documents up to a snapshot that stands for them. */
function prune(kept: Kept, maxDocuments: number): void {
  if (kept.documents.length <= maxDocuments) return;
  const dispensable = kept.documents[Math.ceil(maxDocuments / 4)]?.to ?? 0;
  const floor = Math.max(...[...kept.snapshots.keys()].filter(version => version <= dispensable));
  for (const { from, changes } of kept.documents) {
    if (from <= floor) for (const { eventId } of changes) kept.events.delete(eventId);
  }
  kept.documents = kept.documents.filter(({ from }) => from > floor);
  for (const version of kept.snapshots.keys()) if (version < floor) kept.snapshots.delete(version);
}
