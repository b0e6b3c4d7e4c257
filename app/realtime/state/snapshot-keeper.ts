import { type Logger } from '../../../lib/log.ts';
import { type Timer } from '../../datastore/deadline.ts';
import { type PositionedState } from '../../datastore/state-fold.ts';
import { type StateSnapshots } from '../../datastore/state-snapshots.ts';

/** When a campaign writes snapshots. */
export interface SnapshotPolicy {
  readonly everyVersions: number;
  /** How long after one the next begins at the earliest, whatever is due. */
  readonly pauseMs: number;
  /** How long after a change a snapshot is written at the latest. */
  readonly afterMs: number;
}

/** Writes snapshots of a campaign when it is time: they spare a load the journal before them. */
export interface SnapshotKeeper {
  /** Notes that this process made the head. Gives the writing of a snapshot when one is due. */
  onCommitted(head: PositionedState): Promise<void> | undefined;
  /** Looks at the time. Gives the writing of a snapshot when one is due. */
  tick(head: PositionedState, now: Date): Promise<void> | undefined;
}

/** Gives the keeper of a campaign whose last snapshot has a version. A failure is logged, and the next one comes after the pause. */
export function createSnapshotKeeper({
  campaignId,
  snapshots,
  policy,
  timer,
  log,
  onSnapshot,
  ...loaded
}: {
  readonly campaignId: string;
  readonly snapshots: Pick<StateSnapshots, 'write'>;
  readonly policy: SnapshotPolicy;
  readonly timer: Timer;
  readonly log: Pick<Logger, 'warn'>;
  readonly onSnapshot?: ((bytes: number, durationMs: number) => void) | undefined;
  readonly headVersion: number;
  readonly snapshotVersion: number;
}): SnapshotKeeper {
  let savedVersion = loaded.snapshotVersion;
  let isDue = loaded.headVersion - savedVersion >= policy.everyVersions;
  let isSaving = false;
  let savedAtMs = -Infinity;
  let unsavedSince: Date | undefined;

  const save = async ({ state, ...position }: PositionedState): Promise<void> => {
    const previous = savedVersion;
    savedVersion = position.version;
    isSaving = true;
    const startedAt = timer.now();
    savedAtMs = startedAt;
    const text = JSON.stringify(state);
    try {
      await snapshots.write({ campaignId, ...position, state: text });
      onSnapshot?.(text.length, timer.now() - startedAt);
    } catch (error) {
      savedVersion = previous;
      unsavedSince ??= position.at;
      log.warn('state.snapshot.failed', { campaignId, error });
    }
    isSaving = false;
  };

  const saveIfDue = (head: PositionedState): Promise<void> | undefined => {
    if (!isDue || isSaving || head.version === savedVersion) return undefined;
    if (timer.now() - savedAtMs < policy.pauseMs) return undefined;
    isDue = false;
    unsavedSince = undefined;
    return save(head);
  };

  return {
    onCommitted(head) {
      unsavedSince ??= head.at;
      if (head.version - savedVersion >= policy.everyVersions) isDue = true;
      return saveIfDue(head);
    },
    tick(head, now) {
      if (unsavedSince !== undefined && now.getTime() - unsavedSince.getTime() >= policy.afterMs) isDue = true;
      return saveIfDue(head);
    },
  };
}
