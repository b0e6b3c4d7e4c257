import { type StateJournalDatastore } from './state-journal.ts';
import { type StateSnapshotsDatastore } from './state-snapshots.ts';

/** For how long the journal keeps versions: each is kept as long as one of the three says so. */
export interface StateRetention {
  /** A version is dispensable once so many came after it … */
  readonly maxVersions: number;
  /** … or once it is so old. */
  readonly maxAgeMs: number;
  /** How far apart the snapshots between the first and the last are kept, in versions. */
  readonly snapshotDistance: number;
}

/** Whatever is configured: repeats of an event are recognised for a day, and so long is a version kept. */
export const MIN_RETENTION_MS = 24 * 60 * 60 * 1000;

/** What a run of the retention removed. */
export interface Pruned {
  readonly documents: number;
  readonly snapshots: number;
}

interface Dependencies {
  readonly journal: Pick<StateJournalDatastore, 'readAt' | 'readHead' | 'removeUntil'>;
  readonly snapshots: Pick<StateSnapshotsDatastore, 'listVersions' | 'remove' | 'findNextCampaign'>;
}

/**
 * Removes what a campaign's journal need not keep. It ends at a snapshot, so that every version which is left can be
 * built; the last document always stays. May run on any instance, at any time, several times at once.
 */
export async function pruneCampaign(
  { journal, snapshots }: Dependencies,
  campaignId: string,
  { maxVersions, maxAgeMs, snapshotDistance }: StateRetention,
  now: Date,
): Promise<Pruned> {
  const head = await journal.readHead(campaignId);
  const versions = await snapshots.listVersions(campaignId);
  if (head === null) return { documents: 0, snapshots: 0 };
  const isDispensable = async (version: number): Promise<boolean> => {
    if (version >= head.version) return false;
    const at = (await journal.readAt(campaignId, version))?.changes.at(-1)?.at;
    // What an earlier run removed was dispensable then.
    if (at === undefined) return true;
    const ageMs = now.getTime() - at.getTime();
    return ageMs >= MIN_RETENTION_MS && (ageMs >= maxAgeMs || head.version - version >= maxVersions);
  };
  const at = await findLast(versions, isDispensable);
  const floor = versions[at];
  const documents = floor === undefined ? 0 : await journal.removeUntil(campaignId, floor);
  const kept = floor === undefined ? versions : versions.slice(at);
  const old = floor === undefined ? [] : versions.slice(0, at);
  const removed = await snapshots.remove(campaignId, [...old, ...selectTooClose(kept, snapshotDistance)]);
  return { documents, snapshots: removed };
}

/** Prunes every campaign; for a worker. Gives what was removed altogether. */
export async function pruneAll(
  dependencies: Dependencies,
  retention: StateRetention,
  now: Date,
  signal?: AbortSignal,
): Promise<Pruned> {
  let documents = 0;
  let removed = 0;
  let campaignId = await dependencies.snapshots.findNextCampaign(null);
  while (campaignId !== null && signal?.aborted !== true) {
    const pruned = await pruneCampaign(dependencies, campaignId, retention, now);
    documents += pruned.documents;
    removed += pruned.snapshots;
    campaignId = await dependencies.snapshots.findNextCampaign(campaignId);
  }
  return { documents, snapshots: removed };
}

/** The place of the last version that may go, -1 for none. Older ones may go as well: a search by halves. */
async function findLast(versions: readonly number[], isDispensable: (version: number) => Promise<boolean>) {
  let low = -1;
  let high = versions.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await isDispensable(versions[middle] ?? 0)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The snapshots that add little: so near to the one kept before that the journal bridges them quickly. */
function selectTooClose(versions: readonly number[], distance: number): number[] {
  const tooClose: number[] = [];
  let last = versions[0] ?? 0;
  for (const version of versions.slice(1, -1)) {
    if (version - last < distance) tooClose.push(version);
    else last = version;
  }
  return tooClose;
}
