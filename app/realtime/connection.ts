import { type Actor } from '../policy.ts';
import { type Frame } from './frame.ts';

/** Why a connection is closed by the server, as its client is told. */
export interface CloseReason {
  /** An error of the list. */
  readonly type: 'SERVICE_UNAVAILABLE' | 'UNAUTHENTICATED' | 'LIMIT_EXCEEDED' | 'RATE_LIMITED';
  readonly message: string;
  /** Whether the client may come back as it is, and after how long. */
  readonly isRetryable: boolean;
  readonly retryAfterMs?: number;
}

/** A client that is connected, by whatever kind of socket. */
export interface Connection {
  readonly id: string;
  /** Who is connected, by the token that the connection has now. */
  readonly actor: Actor;
  /**
   * Has a frame written, after those before it. `onSent` is called when it has left the process: until then it takes memory.
   */
  send(frame: Frame, onSent?: () => void): void;
  /** Whether nothing at all waits to be sent. */
  readonly isDrained: boolean;
  /** Calls back once when the connection is gone. Gives what takes that back. */
  onClose(listener: () => void): () => void;
  /** Tells the client why, and closes. */
  close(reason: CloseReason): void;
}
