import { type Page } from '../../schemas/paging.ts';
import {
  DuplicateKeyError,
  type BulkOperation,
  type Collection,
  type CollectionSpec,
  type Sort,
  type StoredDocument,
} from './store/collection.ts';
import { type ChangeDiff } from './diff.ts';
import { findPage, type PageOptions } from './paging.ts';

/** Why a document changed. History shows it, and the effects of a change are chosen by it. */
export type ChangeCause =
  | 'campaign.created'
  | 'campaign.updated'
  | 'campaign.linked'
  | 'campaign.status'
  | 'campaign.faqs'
  | 'campaign.terms'
  | 'campaign.contacts'
  | 'market.created'
  | 'market.updated'
  | 'market.deleted'
  | 'market.notified'
  | 'market.selection'
  | 'event.updated'
  | 'promoter.created'
  | 'promoter.updated'
  | 'promoter.deleted'
  | 'contact.created'
  | 'contact.updated'
  | 'contact.deleted'
  | 'erasure';

/** What is to be done outside the database after a change; each is delivered at least once. */
export const effectNames = [
  'kinesisCampaign',
  'sqsDataPipeline',
  'sqsRefreshSelections',
  'kinesisAttendance',
  'fastlyPurge',
  'stateBroadcast',
  'linkedCampaigns',
] as const;
export type EffectName = (typeof effectNames)[number];

/** What the writer knows of its change; the rest of the change is made by the write itself. */
export interface ChangeDescription {
  readonly cause: ChangeCause;
  readonly effects: readonly EffectName[];
  /** An opaque reference to the user, or `system`. */
  readonly by: string;
  readonly correlation: string;
  /** The campaign whose history shows the change: the document itself, or the one that it belongs to. */
  readonly campaignId?: string;
  readonly idempotencyKey?: string;
  /** The domain that the campaign had before, when the change took it away. */
  readonly oldDomain?: string;
  /** The change of another campaign that this one follows from. */
  readonly source?: ChangeOrigin;
}

/** A change of another campaign. */
export interface ChangeOrigin {
  readonly campaignId: string;
  readonly changeId: string;
}

/** A change that lies in its document until it is copied to `changes`. */
export interface PendingChange extends ChangeDescription {
  readonly id: string;
  /** The version that the change made. */
  readonly version: number;
  readonly at: Date;
  readonly diff: ChangeDiff;
  /** The last content of a document that the change deleted. */
  readonly content?: Readonly<Record<string, unknown>>;
}

/** A pending change and the document that it lies in. */
export interface ChangeSource {
  readonly collection: string;
  readonly documentId: string;
  readonly change: PendingChange;
}

/** Where a change goes from its document; the dispatcher is one. */
export interface Outbox {
  /** Takes a change right after its write. Never throws: what goes wrong is left to the sweep. */
  enqueue(source: ChangeSource): void;
  /** Resolves when the change is recorded, so that a next one may take its place; throws when that cannot be told. */
  ensureRecorded(source: ChangeSource): Promise<void>;
}

/** An effect that has not been delivered yet. */
export interface PendingDelivery {
  readonly effect: EffectName;
  /** How often it was tried in vain. */
  readonly attempts: number;
  readonly dueAt: Date;
  readonly lastError?: string;
}

/** An effect that was given up; it is tried again when somebody redrives it. */
export interface DeadDelivery {
  readonly effect: EffectName;
  readonly attempts: number;
  /** When it was given up. */
  readonly at: Date;
  readonly lastError: string;
}

/** A change in the collection `changes`: audit trail, history, outbox and dead-letter list in one. Only `pending` and `dead` ever change. */
export interface ChangeRecord extends Omit<PendingChange, 'id'>, StoredDocument {
  readonly collection: string;
  readonly documentId: string;
  /** What is still to be delivered of `effects`. */
  readonly pending: readonly PendingDelivery[];
  /** What was given up of them. */
  readonly dead?: readonly DeadDelivery[];
}

/** The collection `changes`. Its `_id` is the change id. */
export const spec: CollectionSpec = {
  name: 'changes',
  ids: ['documentId', 'campaignId'],
  indexes: [
    { name: 'documentId_version', key: { documentId: 1, version: -1 }, unique: true },
    { name: 'campaignId_at_version', key: { campaignId: 1, at: -1, version: -1, _id: -1 } },
    { name: 'by_at_version', key: { by: 1, at: -1, version: -1, _id: -1 } },
    // Sparse, and the lists of a change that is done are empty: these two hold the outbox and the dead letters alone.
    { name: 'pending', key: { 'pending.effect': 1, 'pending.dueAt': 1 }, sparse: true },
    { name: 'dead', key: { 'dead.effect': 1, 'dead.at': 1 }, sparse: true },
  ],
};

/** Another change of the same document and version is recorded already. It cannot happen while every writer uses the guarded write. */
export class ChangeConflictError extends Error {
  override readonly name = 'ChangeConflictError';

  constructor({ collection, documentId, change }: ChangeSource) {
    super(
      `Version ${change.version} of ${collection}/${documentId} is recorded with another change than ${change.id}.`,
    );
  }
}

export interface Changes {
  /**
   * Records changes; one that is recorded already is done. Gives an error for each that was refused, by its place in the
   * list; throws `ServiceUnavailableError` when none is known to be recorded.
   */
  recordAll(sources: readonly ChangeSource[]): Promise<Map<number, Error>>;
  /** Records one change, or throws why not. */
  record(source: ChangeSource): Promise<void>;
  findOne(changeId: string): Promise<ChangeRecord | null>;
  findByVersion(documentId: string, version: number): Promise<ChangeRecord | null>;
  /** A document's changes, the latest version first. */
  findByDocument(documentId: string, options: PageOptions): Promise<Page<ChangeRecord>>;
  /** The changes of a campaign and of what belongs to it, the latest first. */
  findByCampaign(campaignId: string, options: PageOptions): Promise<Page<ChangeRecord>>;
  /** What a user (an opaque reference) changed, the latest first. */
  findByUser(by: string, options: PageOptions): Promise<Page<ChangeRecord>>;
}

/** What follows the record: deliveries are. */
export interface ChangeFollower {
  /**
   * Gives, for each of some changes that were just written, the effects that there is somebody to deliver to: only these
   * are recorded. Never throws.
   */
  selectWanted(sources: readonly ChangeSource[]): Promise<readonly (readonly EffectName[])[]>;
  /** Takes changes right after they were recorded by this process. Never throws. */
  onRecorded(records: readonly ChangeRecord[]): void;
}

export interface ChangesDependencies {
  readonly collection: Collection<ChangeRecord>;
  /** Without one every effect is recorded as pending. */
  readonly follower?: ChangeFollower;
}

/** Of changes of one instant those of a document stand in the order of their versions. */
const latestFirst: Sort = { at: -1, version: -1, _id: -1 };

/** Gives the door to the recorded changes. */
export function createChanges({ collection, follower }: ChangesDependencies): Changes {
  const recordAll = async (sources: readonly ChangeSource[]): Promise<Map<number, Error>> => {
    const wanted = await follower?.selectWanted(sources);
    const records = sources.map((source, index) => toRecord(source, wanted?.[index]));
    const operations = records.map((document): BulkOperation<ChangeRecord> => ({ insertOne: { document } }));
    const { failures } = await collection.bulkWrite(operations);
    if (follower !== undefined) {
      const failed = new Set(failures.map(({ index }) => index));
      follower.onRecorded(failed.size === 0 ? records : records.filter((_record, index) => !failed.has(index)));
    }
    const refused = new Map<number, Error>();
    for (const { index, error } of failures) {
      const source = sources[index];
      if (source === undefined) continue;
      if (!(error instanceof DuplicateKeyError)) refused.set(index, error);
      // Which of two unique indexes refuses first is the store's choice: only the id says whether it is the same change.
      else if (error.index !== '_id' && (await collection.findOne({ _id: source.change.id })) === null) {
        refused.set(index, new ChangeConflictError(source));
      }
    }
    return refused;
  };

  return {
    recordAll,
    async record(source) {
      const error = (await recordAll([source])).get(0);
      if (error !== undefined) throw error;
    },
    findOne: changeId => collection.findOne({ _id: changeId }),
    findByVersion: (documentId, version) => collection.findOne({ documentId, version }),
    findByDocument: (documentId, options) => findPage(collection, { documentId }, { version: -1 }, options),
    findByCampaign: (campaignId, options) => findPage(collection, { campaignId }, latestFirst, options),
    findByUser: (by, options) => findPage(collection, { by }, latestFirst, options),
  };
}

function toRecord({ collection, documentId, change }: ChangeSource, effects = change.effects): ChangeRecord {
  const { id, effects: _asked, ...rest } = change;
  const pending = effects.map(effect => ({ effect, attempts: 0, dueAt: change.at }));
  return { _id: id, collection, documentId, ...rest, effects, pending };
}
