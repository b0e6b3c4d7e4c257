import { type JournalPosition } from './state-journal.ts';
import { type Collection, type CollectionSpec, DuplicateKeyError, type StoredDocument } from './store/collection.ts';

/** A campaign's live state at a version. */
export interface StateSnapshot extends JournalPosition {
  readonly campaignId: string;
  /** The state as JSON text. */
  readonly state: string;
  /** When the version was made. */
  readonly at: Date;
}

/** A snapshot in the collection; `_id` is made of campaign and version. */
export interface SnapshotDocument extends StateSnapshot, StoredDocument {}

/** The collection `campaign_state_snapshots`: what spares a load the whole journal, and lets the journal be pruned. */
export const spec: CollectionSpec = {
  name: 'campaign_state_snapshots',
  ids: ['campaignId'],
  indexes: [{ name: 'campaignId_version', key: { campaignId: 1, version: 1 }, unique: true }],
};

/** The snapshots of live states. */
export interface StateSnapshots {
  /** The latest snapshot, of a version up to `version` when it is given. */
  findLatest(campaignId: string, version?: number): Promise<StateSnapshot | null>;
  /** Writes a snapshot. One of the same version is there already when another instance was first: that is fine. */
  write(snapshot: StateSnapshot): Promise<void>;
}

/** What else can be asked of the snapshots that lie in a database. */
export interface StateSnapshotsDatastore extends StateSnapshots {
  /** The versions that a campaign has snapshots of, in order. */
  listVersions(campaignId: string): Promise<number[]>;
  /** The next campaign, in the order of ids, that has a snapshot (the first after null); null after the last. */
  findNextCampaign(after: string | null): Promise<string | null>;
  remove(campaignId: string, versions: readonly number[]): Promise<number>;
}

/** Gives the door to the snapshots. */
export function createStateSnapshots({
  collection,
}: {
  readonly collection: Collection<SnapshotDocument>;
}): StateSnapshotsDatastore {
  return {
    async findLatest(campaignId, version) {
      const filter = { campaignId, ...(version !== undefined && { version: { $lte: version } }) };
      const [found] = await collection.find(filter, { sort: { version: -1 }, limit: 1 });
      return found ?? null;
    },
    async write(snapshot) {
      try {
        await collection.insertOne({ _id: `${snapshot.campaignId}:${snapshot.version}`, ...snapshot });
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
      }
    },
    async listVersions(campaignId) {
      const found = await collection.find({ campaignId }, { sort: { version: 1 }, projection: { version: 1 } });
      return found.map(({ version }) => version);
    },
    async findNextCampaign(after) {
      const options = { sort: { campaignId: 1, version: 1 }, limit: 1, projection: { campaignId: 1 } } as const;
      const [found] = await collection.find(after === null ? {} : { campaignId: { $gt: after } }, options);
      return found?.campaignId ?? null;
    },
    remove: (campaignId, versions) =>
      versions.length === 0 ? Promise.resolve(0) : collection.deleteMany({ campaignId, version: { $in: versions } }),
  };
}
