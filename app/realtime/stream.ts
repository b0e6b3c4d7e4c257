import { LimitExceededError } from '../errors.ts';
import { type Clock } from '../context.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type CloseReason, type Connection } from './connection.ts';
import { createLifeEvent, type EventPayload, formatFailure, type RequestEnvelope, toServiceError } from './envelope.ts';
import { createFrame } from './frame.ts';
import { type SubscriberLimits } from './subscriber.ts';

/** A stream as what feeds it sees it. */
export interface StreamWriter {
  /** Aborted when the stream has ended, for whatever reason. */
  readonly signal: AbortSignal;
  /**
   * The stream as a connection: each frame that is sent over it becomes an item. For what watches by itself how far its
   * reader lags.
   */
  readonly connection: Connection;
  /** Sends an item. `onSent` is called when it has left the process. More than the limits allow ends the stream. */
  push(item: EventPayload, onSent?: () => void): void;
  /** Calls back once when the stream has ended; at once when it has already. */
  onEnd(listener: () => void): void;
}

/** A stream of items that answers one request: started, items in their order, and one end. */
export interface Stream {
  readonly writer: StreamWriter;
  /** Resolves when what follows the answer to the request may be sent. */
  readonly begun: Promise<void>;
  /** Sends what has come since it was opened, and what comes from now on. */
  begin(): void;
  /** Ends it as one that was good for as long as it was wanted. `reason` says why it is not any more. */
  succeed(reason: 'stopped' | 'replaced'): void;
  /** Ends it with an error. */
  fail(error: unknown): void;
  /** Ends it without a word: nobody is there to read it, or its request is answered otherwise. */
  drop(): void;
  /** Throws why it ended, if it has. */
  throwIfEnded(): void;
}

export interface StreamOptions {
  readonly request: RequestEnvelope;
  readonly campaignId: string;
  readonly connection: Connection;
  readonly limits: StreamLimits;
  readonly clock: Clock;
  readonly onItem: () => void;
  /** Told when a reader that does not read has its stream ended. */
  readonly onSlow: (action: 'closed') => void;
}

export interface StreamLimits extends SubscriberLimits {
  /** How often a stream says that it is alive, in milliseconds. */
  readonly heartbeatMs: number;
}

/** So many times what may wait for long may wait for a moment: much can happen at once. */
const BURST = 8;
const TOO_SLOW = 'What was sent was not read in time. Start the stream again.';

/** Opens a stream. Nothing is sent before it begins. */
export function openStream({ request, campaignId, connection, limits, clock, onItem, onSlow }: StreamOptions): Stream {
  const ended = new AbortController();
  /** What is sent once the stream begins; undefined when it has. */
  let held: (() => void)[] | undefined = [];
  let begin: () => void = () => undefined;
  const begun = new Promise<void>(resolve => (begin = resolve));
  let seq = 0;
  let toldSeq = 0;
  let waitingCount = 0;
  let waitingBytes = 0;
  let beating: NodeJS.Timeout | undefined;
  let lagTimer: NodeJS.Timeout | undefined;

  /** Writes an event of the stream, in its turn. */
  const write = (state: 'stream' | 'heartbeat' | 'success' | 'failed', payload: string, onSent?: () => void): void => {
    connection.send(createFrame(createLifeEvent(request, state, {}, clock()), payload), onSent);
  };

  const sendItem = (item: string, onSent?: () => void): void => {
    if (ended.signal.aborted) return;
    if (held !== undefined) {
      held.push(() => sendItem(item, onSent));
      return;
    }
    seq += 1;
    onItem();
    write('stream', `{"seq":${seq}${item === '{}' ? '}' : `,${item.slice(1)}`}`, onSent);
  };

  const beat = (): void => {
    // Who does not read what there was needs no more to read.
    if (waitingCount > 0) return;
    write('heartbeat', JSON.stringify({ campaignId, seq, items: seq - toldSeq }));
    toldSeq = seq;
  };

  const close = (): void => {
    clearInterval(beating);
    clearTimeout(lagTimer);
  };

  const end = (state: 'success' | 'failed', payload: EventPayload, reason: unknown): void => {
    if (ended.signal.aborted) return;
    close();
    ended.abort(reason);
    const last = (): void => write(state, JSON.stringify({ campaignId, ...payload, items: seq }));
    if (held === undefined) last();
    else held = [last];
  };

  const fail = (error: unknown): void => {
    const told = toServiceError(error);
    const isRetryable = told.status === 429 || told.status >= 500;
    end('failed', { ...formatFailure(told), isRetryable }, told);
  };

  const failAsSlow = (): void => {
    if (ended.signal.aborted) return;
    onSlow('closed');
    fail(new LimitExceededError(TOO_SLOW));
  };

  const isBehind = (times: number): boolean =>
    waitingCount > times * limits.bufferCount || waitingBytes > times * limits.bufferBytes;

  /** Lets a reader that is behind catch up for a while, and no further behind than memory allows. */
  const watchReader = (): void => {
    if (isBehind(BURST)) failAsSlow();
    else if (isBehind(1)) lagTimer ??= setTimeout(failAsSlow, limits.drainMs);
    else {
      clearTimeout(lagTimer);
      lagTimer = undefined;
    }
  };

  const writer: StreamWriter = {
    signal: ended.signal,
    connection: {
      id: `${connection.id} ${request.type}`,
      get actor() {
        return connection.actor;
      },
      send: (frame, onSent) => sendItem(frame.payload, onSent),
      get isDrained() {
        return connection.isDrained;
      },
      onClose: listen,
      close: reason => fail(toError(reason)),
    },
    push(item, onSent) {
      const text = JSON.stringify(item);
      const sizeBytes = Buffer.byteLength(text);
      waitingCount += 1;
      waitingBytes += sizeBytes;
      sendItem(text, () => {
        waitingCount -= 1;
        waitingBytes -= sizeBytes;
        if (!ended.signal.aborted) watchReader();
        onSent?.();
      });
      if (!ended.signal.aborted) watchReader();
    },
    onEnd: listener => void listen(listener),
  };

  function listen(listener: () => void): () => void {
    const { signal } = ended;
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  }

  return {
    writer,
    begun,
    begin() {
      const sending = held ?? [];
      held = undefined;
      for (const send of sending) send();
      if (!ended.signal.aborted) beating = setInterval(beat, limits.heartbeatMs).unref();
      begin();
    },
    succeed: reason => end('success', { reason }, new Error(reason)),
    fail,
    drop() {
      close();
      held = [];
      ended.abort();
    },
    throwIfEnded: () => ended.signal.throwIfAborted(),
  };
}

function toError({ type, message }: CloseReason): Error {
  return type === 'LIMIT_EXCEEDED'
    ? new LimitExceededError(message)
    : new ServiceUnavailableError('channel', { message });
}
