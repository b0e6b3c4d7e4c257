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

/**
 * One that gets the versions of a campaign over its connection. What it does not take in time is not kept for it.
 *
 * A class, since there are many: methods take no memory of each.
 */
export class Subscriber {
  readonly connection: Connection;
  readonly #options: SubscriberOptions;
  #seen = 0;
  #view: StateView = { isRaw: true };
  #isEnded = false;
  #isLagging = false;
  #lagTimer: NodeJS.Timeout | undefined;
  #waitingBytes = 0;
  /** The sizes of the frames that wait, in their order. */
  readonly #waiting: number[] = [];
  /** What is told of each frame that it has left. */
  readonly #onSent = (): void => this.#settle();

  constructor(options: SubscriberOptions) {
    this.connection = options.connection;
    this.#options = options;
  }

  /** Sends what it missed before it joined. `version` is the last one of it. */
  start(frame: Frame | null, version: number, view: StateView): void {
    this.#seen = version;
    this.#view = view;
    if (frame !== null) this.#send(frame);
  }

  /** Sends what it has not seen of a group. */
  offer(group: FrameGroup): void {
    const { mode, isViewFixed, limits } = this.#options;
    if (this.#isEnded || this.#isLagging || group.toVersion <= this.#seen) return;
    if (this.#waiting.length >= limits.bufferCount || this.#waitingBytes >= limits.bufferBytes) {
      this.#lag();
      return;
    }
    const frame = group.isChoiceChanged && !isViewFixed ? null : group.select(this.#seen, mode, this.#view);
    if (frame === null) {
      this.#sendSnapshot();
      return;
    }
    this.#seen = group.toVersion;
    this.#send(frame);
  }

  /** Sends a snapshot: what it has seen counts for nothing. */
  restart(): void {
    if (!this.#isEnded && !this.#isLagging) this.#sendSnapshot();
  }

  /** Sends nothing more. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#lagTimer);
  }

  #send(frame: Frame): void {
    this.#waiting.push(frame.sizeBytes);
    this.#waitingBytes += frame.sizeBytes;
    this.connection.send(frame, this.#onSent);
  }

  #settle(): void {
    this.#waitingBytes -= this.#waiting.shift() ?? 0;
    if (this.#isLagging && this.#waiting.length === 0) this.#catchUp();
  }

  #sendSnapshot(): void {
    const { version, view, frame } = this.#options.snapshot();
    this.#seen = version;
    this.#view = view;
    this.#send(frame);
  }

  #catchUp(): void {
    clearTimeout(this.#lagTimer);
    this.#isLagging = false;
    if (!this.#isEnded) this.#sendSnapshot();
  }

  #lag(): void {
    const { limits, onSlow } = this.#options;
    this.#isLagging = true;
    onSlow('coalesced');
    this.#lagTimer = setTimeout(() => {
      if (this.connection.isDrained) {
        this.#catchUp();
        return;
      }
      onSlow('closed');
      const message = 'What was sent was not read in time. Come back, and go on from where you were.';
      this.connection.close({ type: 'LIMIT_EXCEEDED', message, isRetryable: true });
    }, limits.drainMs);
  }
}
