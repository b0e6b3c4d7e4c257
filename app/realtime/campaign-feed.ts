import { type Logger } from '../../lib/log.ts';
import { type Clock } from '../context.ts';
import { type JournalPosition } from '../datastore/state-journal.ts';
import {
  createChangesFrame,
  createFrameGroup,
  createSnapshotFrame,
  type FrameGroup,
  type StateView,
} from './state-frames.ts';
import { type Frame } from './frame.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';
import { mayTouchVariants, type StateBatch, type StateChange, type StateEvent } from './state/events.ts';
import { type Subscription } from './state/live-campaign.ts';
import { type SnapshotFrame, type Subscriber } from './subscriber.ts';

/** Says which variant's view a state has for somebody. */
export type SelectView = (state: StateBatch['before']) => StateView;

/** The versions of one campaign on their way to its subscribers of this process. */
export interface CampaignFeed {
  readonly subscriberCount: number;
  /**
   * Adds a subscriber: in one turn it is sent a snapshot, or what it missed since a cursor, and is one of those who get
   * what follows. Gives where it stands then. Throws what `CampaignStateManager.subscribe` throws.
   */
  join(subscriber: Subscriber, options: JoinOptions): Promise<JoinedAt>;
  leave(subscriber: Subscriber): void;
  /** Gives the state now, as somebody sees it. */
  snapshot(selectView: SelectView): SnapshotFrame;
  /** Ends the feed itself. */
  close(): void;
}

export interface JoinOptions {
  readonly since?: JournalPosition | undefined;
  readonly selectView: SelectView;
  readonly signal: AbortSignal;
  /** Called in the turn in which the subscriber joins, before it is sent anything. */
  readonly onJoin: () => void;
}

export interface JoinedAt extends JournalPosition {
  /** Whether it was sent the whole state. */
  readonly isSnapshot: boolean;
}

export interface FeedDependencies {
  readonly campaignId: string;
  readonly states: Pick<CampaignStateManager, 'subscribe'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
  /** What follows a frame within this time shares the next one. */
  readonly windowMs: number;
  /** Resolves when all that was sent until now has been written to the connections. */
  readonly whenWritten: () => Promise<void>;
}

/** So long the event loop may be held by giving frames to subscribers. */
const SLICE_MS = 4;
const SLICE_CHECK = 64;

/** Opens the feed of a campaign. Throws what `CampaignStateManager.subscribe` throws. */
export async function openCampaignFeed({
  campaignId,
  states,
  clock,
  log,
  windowMs,
  whenWritten,
}: FeedDependencies): Promise<CampaignFeed> {
  const subscribers = new Set<Subscriber>();
  let pending: StateBatch[] = [];
  let isFlushing = false;
  let isScheduled = false;
  let flushedAtMs = -Infinity;
  /** Changes when history was lost: what was to be sent before means nothing after it. */
  let epoch = 0;
  /** The snapshots of the current version, by view. */
  const snapshots = new Map<string, SnapshotFrame>();

  const schedule = (): void => {
    if (isFlushing || isScheduled || pending.length === 0) return;
    isScheduled = true;
    const waitMs = flushedAtMs + windowMs - performance.now();
    // Of a quiet campaign at once: right after those who wait for their own acknowledgement.
    if (waitMs <= 0) setImmediate(() => void flush());
    else setTimeout(() => void flush(), waitMs);
  };

  const flush = async (): Promise<void> => {
    isScheduled = false;
    // Nobody is left, or history was lost meanwhile.
    if (pending.length === 0) return;
    isFlushing = true;
    flushedAtMs = performance.now();
    const group = createFrameGroup(pending, clock());
    pending = [];
    await offerAll(group);
    // What comes until then shares the next frame.
    await whenWritten();
    isFlushing = false;
    schedule();
  };

  /** Offers a group to all, and lets others at the event loop in between. */
  const offerAll = async (group: FrameGroup): Promise<void> => {
    const startedIn = epoch;
    let sliceStartedAt = performance.now();
    let count = 0;
    // Whoever leaves meanwhile gets nothing more, and whoever joins has it already.
    for (const subscriber of subscribers) {
      if (epoch !== startedIn) return;
      offer(subscriber, group);
      count += 1;
      if (count % SLICE_CHECK === 0 && performance.now() - sliceStartedAt > SLICE_MS) {
        await new Promise(resolve => setImmediate(resolve));
        sliceStartedAt = performance.now();
      }
    }
  };

  /** What goes wrong for one is no reason for the others to miss anything; it comes back and has it sent again. */
  const offer = (subscriber: Subscriber, group: FrameGroup): void => {
    try {
      subscriber.offer(group);
    } catch (error) {
      log.error('state.offer.failed', { campaignId, error });
      const message = 'Something went wrong on our side.';
      subscriber.connection.close({ type: 'SERVICE_UNAVAILABLE', message, isRetryable: true });
    }
  };

  const onEvent = (event: StateEvent): void => {
    if (event.kind === 'batch') {
      snapshots.clear();
      if (subscribers.size === 0) return;
      pending.push(event);
      schedule();
    } else if (event.kind === 'snapshot') {
      snapshots.clear();
      pending = [];
      epoch += 1;
      for (const subscriber of [...subscribers]) subscriber.restart();
    }
  };

  const subscription: Subscription = await states.subscribe(campaignId, onEvent);

  const snapshot = (selectView: SelectView): SnapshotFrame => {
    const event = subscription.snapshot();
    const view = selectView(event.state);
    const key = view.isRaw ? '' : `variant ${view.key ?? '*'}`;
    let made = snapshots.get(key);
    if (made === undefined) {
      made = { version: event.version, view, frame: createSnapshotFrame(event, view, clock()) };
      snapshots.set(key, made);
    }
    return made;
  };

  return {
    get subscriberCount() {
      return subscribers.size;
    },
    async join(subscriber, { since, selectView, signal, onJoin }) {
      let joined: JoinedAt | undefined;
      const own = await states.subscribe(
        campaignId,
        event => {
          if (joined !== undefined || signal.aborted || event.kind === 'batch') return;
          onJoin();
          const { version, changeId } = subscription.snapshot();
          const made = snapshot(selectView);
          const missed = event.kind === 'replay' && made.view.isRaw ? createMissedFrame(event.changes) : undefined;
          subscriber.start(missed === undefined ? made.frame : missed, version, made.view);
          joined = { version, changeId, isSnapshot: missed === undefined };
          subscribers.add(subscriber);
        },
        { since, signal },
      );
      own.unsubscribe();
      signal.throwIfAborted();
      if (joined === undefined) throw new Error('A subscriber got neither a snapshot nor a replay.');
      return joined;
    },
    leave(subscriber) {
      subscriber.end();
      subscribers.delete(subscriber);
    },
    snapshot,
    close() {
      pending = [];
      subscription.unsubscribe();
    },
  };

  /** Null when nothing was missed, undefined when a snapshot is shorter than it, or the subscriber may have seen a variant. */
  function createMissedFrame(changes: readonly StateChange[]): Frame | null | undefined {
    if (changes.length === 0) return null;
    if (changes.some(({ patch }) => mayTouchVariants(patch))) return undefined;
    return createChangesFrame(campaignId, changes, clock()) ?? undefined;
  }
}
