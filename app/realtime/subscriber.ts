import { type Connection } from './connection.ts';
import { type Frame } from './frame.ts';
import { type FrameGroup, type StateMode, type StateView } from './state-frames.ts';

/** How far a subscriber may lag. */
export interface SubscriberLimits {
  /** So many messages may wait to be sent … */
  readonly bufferCount: number;
  /** … of so many bytes. */
  readonly bufferBytes: number;
  /** So long may what waits take to be sent once it is too much. */
  readonly drainMs: number;
}

/** What a subscriber gets instead of what it missed. */
export interface SnapshotFrame {
  readonly version: number;
  readonly view: StateView;
  readonly frame: Frame;
}

export interface SubscriberOptions {
  readonly connection: Connection;
  readonly mode: StateMode;
  /** Whether it sees the state itself, whatever variants there are. */
  readonly isViewFixed: boolean;
  readonly limits: SubscriberLimits;
  /** Gives the state now, as this subscriber sees it. */
  readonly snapshot: () => SnapshotFrame;
  readonly onSlow: (action: 'coalesced' | 'closed') => void;
}

/** One that gets the versions of a campaign over its connection. What it does not take in time is not kept for it. */
export interface Subscriber {
  readonly connection: Connection;
  /** Sends what it missed before it joined. `version` is the last one of it. */
  start(frame: Frame | null, version: number, view: StateView): void;
  /** Sends what it has not seen of a group. */
  offer(group: FrameGroup): void;
  /** Sends a snapshot: what it has seen counts for nothing. */
  restart(): void;
  /** Sends nothing more. */
  end(): void;
}

/** Makes a subscriber. */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { connection, mode, isViewFixed, limits, snapshot, onSlow } = options;
  let seen = 0;
  let view: StateView = { isRaw: true };
  let isEnded = false;
  let isLagging = false;
  let lagTimer: NodeJS.Timeout | undefined;
  let waitingBytes = 0;
  /** The sizes of the frames that wait, in their order. */
  const waiting: number[] = [];

  const send = (frame: Frame): void => {
    waiting.push(frame.sizeBytes);
    waitingBytes += frame.sizeBytes;
    connection.send(frame, onSent);
  };

  const sendSnapshot = (): void => {
    const made = snapshot();
    seen = made.version;
    view = made.view;
    send(made.frame);
  };

  const catchUp = (): void => {
    clearTimeout(lagTimer);
    isLagging = false;
    if (!isEnded) sendSnapshot();
  };

  function onSent(): void {
    waitingBytes -= waiting.shift() ?? 0;
    if (isLagging && waiting.length === 0) catchUp();
  }

  const lag = (): void => {
    isLagging = true;
    onSlow('coalesced');
    lagTimer = setTimeout(() => {
      if (connection.isDrained) {
        catchUp();
        return;
      }
      onSlow('closed');
      const message = 'What was sent was not read in time. Come back, and go on from where you were.';
      connection.close({ type: 'LIMIT_EXCEEDED', message, isRetryable: true });
    }, limits.drainMs);
  };

  return {
    connection,
    start(frame, version, startView) {
      seen = version;
      view = startView;
      if (frame !== null) send(frame);
    },
    offer(group) {
      if (isEnded || isLagging || group.toVersion <= seen) return;
      if (waiting.length >= limits.bufferCount || waitingBytes >= limits.bufferBytes) {
        lag();
        return;
      }
      const frame = group.isChoiceChanged && !isViewFixed ? null : group.select(seen, mode, view);
      if (frame === null) {
        sendSnapshot();
        return;
      }
      seen = group.toVersion;
      send(frame);
    },
    restart() {
      if (!isEnded && !isLagging) sendSnapshot();
    },
    end() {
      isEnded = true;
      clearTimeout(lagTimer);
    },
  };
}
