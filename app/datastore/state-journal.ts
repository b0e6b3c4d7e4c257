import { ServiceUnavailableError, TimeoutError } from '../../lib/errors.ts';
import { startDeadline, systemTimer, type Timer } from './deadline.ts';
import {
  type Collection,
  type CollectionSpec,
  DuplicateKeyError,
  type Filter,
  type FindOptions,
  type StoredDocument,
} from './store/collection.ts';
import { type Page } from '../../schemas/paging.ts';
import { findPage, type PageOptions } from './paging.ts';

/** One version of a campaign's live state, as the journal keeps it. */
export interface JournalChange {
  readonly version: number;
  /** What the sender called the update; unique in its campaign. */
  readonly eventId: string;
  /**
   * The merge patch that makes this version of the one before, as JSON text: just as subscribers get it, and nothing in
   * it ever means anything to a database.
   */
  readonly patch: string;
  readonly cause: string;
  /** An opaque reference to the user, or `system`. */
  readonly by: string;
  readonly at: Date;
  /** Tells a repeat of the update from another one with the same event id. */
  readonly bodyHash: string;
}

/** The versions that were committed together: stored or not, never half. `_id` is the change id of each of them. */
export interface JournalDocument extends StoredDocument {
  readonly campaignId: string;
  /** The first and the last version. The next document begins at `to + 1`. */
  readonly from: number;
  readonly to: number;
  /**
   * The `_id` of the document that its writer built upon, the one before it; null for the first of a campaign. Documents
   * from before there was such a link do not have it.
   */
  readonly previousId?: string | null;
  readonly changes: readonly JournalChange[];
}

/** A place in the journal. A version alone does not tell whether history was lost and written anew. */
export interface JournalPosition {
  readonly version: number;
  /** The `_id` of the document that holds the version. */
  readonly changeId: string;
}

/** What the document that comes after a position names as its `previousId`. */
export function selectPreviousId({ version, changeId }: JournalPosition): string | null {
  return version === 0 ? null : changeId;
}

/** Whether a document was built upon a position; one without a link may have been. */
export function isLinked(before: JournalPosition, { previousId }: JournalDocument): boolean {
  return previousId === undefined || previousId === selectPreviousId(before);
}

/** What the journal knows of an event id. */
export interface RecordedEvent extends JournalPosition {
  readonly eventId: string;
  readonly bodyHash: string;
  readonly at: Date;
}

/** What became of a document that was to be appended. */
export type Appended =
  | { readonly isStored: true }
  | {
      readonly isStored: false;
      /** What another instance appended in its place; null when an event id was the reason alone. */
      readonly winner: JournalDocument | null;
      /** Those of the document's events that are recorded; only when there is no winner. */
      readonly recorded: readonly RecordedEvent[];
    };

/** The collection `campaign_state_journal`. Its unique indexes decide which instance's versions come first. */
export const spec: CollectionSpec = {
  name: 'campaign_state_journal',
  ids: ['_id', 'campaignId', 'previousId'],
  indexes: [
    { name: 'campaignId_from', key: { campaignId: 1, from: 1 }, unique: true },
    { name: 'campaignId_eventId', key: { campaignId: 1, 'changes.eventId': 1 }, unique: true },
    { name: 'by', key: { 'changes.by': 1, _id: -1 } },
  ],
};

/** How many documents are read at once, unless told: each may have a mebibyte. */
const READ_LIMIT = 32;

/** The journal of live states: what is in it was acknowledged or will be, and is what every instance shows. */
export interface StateJournal {
  /**
   * Appends a document. While it is unknown whether it was stored, the identical document is sent again; so the answer
   * is always certain. Throws `TimeoutError` when the signal aborts while it is not, and `InvalidOperationError` when
   * the database refuses the document itself.
   */
  append(document: JournalDocument, options?: { readonly signal?: AbortSignal }): Promise<Appended>;
  /** The documents after a version that is the last of its document, in order. */
  readSince(campaignId: string, version: number, limit?: number): Promise<JournalDocument[]>;
  /** The documents that begin before a version, the latest first. */
  readBefore(campaignId: string, version: number, limit?: number): Promise<JournalDocument[]>;
  /** The document that holds a version; null when it is pruned, or not there yet. */
  readAt(campaignId: string, version: number): Promise<JournalDocument | null>;
  /** Whether the journal has a version in the document that a position names: asked by its id, which costs least. */
  holds(campaignId: string, position: JournalPosition): Promise<boolean>;
  /** The last position; null for a campaign without a journal. */
  readHead(campaignId: string): Promise<JournalPosition | null>;
  /** Which of some campaigns have a journal. */
  selectExisting(campaignIds: readonly string[]): Promise<Set<string>>;
  findByEventIds(campaignId: string, eventIds: readonly string[]): Promise<RecordedEvent[]>;
  /** Which campaigns got versions at or after an instant, give or take a second, and up to which. */
  findNews(since: Date): Promise<Map<string, number>>;
}

/** What else can be asked of the journal that lies in a database. */
export interface StateJournalDatastore extends StateJournal {
  /** The documents in which a user (an opaque reference) has changes, the latest first. */
  findByUser(by: string, options: PageOptions): Promise<Page<JournalDocument>>;
  /** Removes the documents up to a version that is the last of its document. Gives how many. */
  removeUntil(campaignId: string, version: number): Promise<number>;
}

export interface StateJournalDependencies {
  readonly collection: Collection<JournalDocument>;
  readonly timer?: Timer;
}

/** Gives the door to the journal of live states. */
export function createStateJournal({
  collection,
  timer = systemTimer,
}: StateJournalDependencies): StateJournalDatastore {
  const readSince = (campaignId: string, version: number, limit = READ_LIMIT): Promise<JournalDocument[]> =>
    collection.find({ campaignId, from: { $gt: version } }, { sort: { from: 1 }, limit });

  const findByEventIds = async (campaignId: string, eventIds: readonly string[]): Promise<RecordedEvent[]> => {
    const wanted = new Set(eventIds);
    const documents = await collection.find({ campaignId, 'changes.eventId': { $in: [...wanted] } });
    return documents.flatMap(document =>
      document.changes.flatMap(change => (wanted.has(change.eventId) ? [toRecordedEvent(document, change)] : [])),
    );
  };

  /** Why a unique index refused, as far as that can be seen yet; null when it cannot. */
  const findReason = async (document: JournalDocument): Promise<Appended | null> => {
    const { campaignId, from, changes } = document;
    // By all of the unique index, and no more than what has the place: what follows that is mostly brought by news.
    const [winner] = await collection.find({ campaignId, from });
    if (winner !== undefined) return winner._id === document._id ? { isStored: true } : refused(winner, []);
    const eventIds = changes.map(({ eventId }) => eventId);
    const recorded = await findByEventIds(campaignId, eventIds);
    return recorded.length === 0 ? null : refused(null, recorded);
  };

  const find = (filter: Filter, options: FindOptions): Promise<JournalDocument[]> => collection.find(filter, options);

  const readHead = async (campaignId: string): Promise<JournalPosition | null> => {
    const options = { sort: { from: -1 }, limit: 1, projection: { to: 1 } } as const;
    const [head] = await find({ campaignId }, options);
    return head === undefined ? null : { version: head.to, changeId: head._id };
  };

  return {
    async append(document, { signal } = {}) {
      const deadline = startDeadline(Infinity, { timer, signal });
      for (let attempt = 0; ; attempt++) {
        try {
          await collection.insertOne(document);
          return { isStored: true };
        } catch (error) {
          const isUnavailable = error instanceof ServiceUnavailableError;
          // What is wrong in itself was not stored, unless an earlier attempt was.
          if (!isUnavailable && !(error instanceof DuplicateKeyError) && attempt === 0) throw error;
          // What refused may be readable only a little later: the majority does not have it yet.
          const reason = isUnavailable ? null : await findReason(document).catch(ignoreUnavailable);
          if (reason !== null) return reason;
          deadline.throwIfPassed(undefined, error);
        }
        await deadline.pause(attempt, 10, 1000);
      }
    },
    readSince,
    readBefore: (campaignId, version, limit = READ_LIMIT) =>
      find({ campaignId, from: { $lt: version } }, { sort: { from: -1 }, limit }),
    async readAt(campaignId, version) {
      const [document] = await find({ campaignId, from: { $lte: version } }, { sort: { from: -1 }, limit: 1 });
      return document !== undefined && document.to >= version ? document : null;
    },
    async holds(campaignId, { version, changeId }) {
      const found = await collection.findOne({ _id: changeId }, { projection: { campaignId: 1, from: 1, to: 1 } });
      return found?.campaignId === campaignId && found.from <= version && version <= found.to;
    },
    readHead,
    async selectExisting(campaignIds) {
      const asked = [...new Set(campaignIds)];
      // Most often none has one, and one look says so. A journal that is longer than the list may hide those after it.
      const options = { limit: asked.length, projection: { campaignId: 1 } } as const;
      const found = await find({ campaignId: { $in: asked } }, options);
      const existing = new Set(found.map(({ campaignId }) => campaignId));
      if (found.length < asked.length) return existing;
      const hidden = asked.filter(campaignId => !existing.has(campaignId));
      const heads = await Promise.all(hidden.map(readHead));
      hidden.forEach((campaignId, at) => {
        if (heads[at] !== null) existing.add(campaignId);
      });
      return existing;
    },
    findByEventIds,
    async findNews(since) {
      // The ids begin with the second in which they were made.
      const first = Math.floor(since.getTime() / 1000)
        .toString(16)
        .padStart(8, '0');
      const found = await find({ _id: { $gte: first.padEnd(24, '0') } }, { projection: { campaignId: 1, to: 1 } });
      const news = new Map<string, number>();
      for (const { campaignId, to } of found) news.set(campaignId, Math.max(to, news.get(campaignId) ?? 0));
      return news;
    },
    findByUser: (by, options) => findPage(collection, { 'changes.by': by }, { _id: -1 }, options),
    removeUntil: (campaignId, version) => collection.deleteMany({ campaignId, from: { $lte: version } }),
  };
}

/** What a change says of its event. */
export function toRecordedEvent({ _id }: JournalDocument, change: JournalChange): RecordedEvent {
  const { eventId, version, bodyHash, at } = change;
  return { eventId, version, changeId: _id, bodyHash, at };
}

/** Gives how long the patches of some changes are together, in characters. */
export function measurePatches(changes: readonly Pick<JournalChange, 'patch'>[]): number {
  return changes.reduce((sum, { patch }) => sum + patch.length, 0);
}

function refused(winner: JournalDocument | null, recorded: readonly RecordedEvent[]): Appended {
  return { isStored: false, winner, recorded };
}

function ignoreUnavailable(error: unknown): null {
  if (error instanceof ServiceUnavailableError || error instanceof TimeoutError) return null;
  throw error;
}
