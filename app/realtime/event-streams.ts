import { type Writable } from 'node:stream';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type Logger } from '../../lib/log.ts';
import { LimitExceededError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { type EventStreamer } from '../services/event-door.ts';
import { mayHear } from './audience.ts';
import { type Bus, selectPatterns } from './bus.ts';
import { type CloseReason } from './connection.ts';
import { type Envelope, toServiceError } from './envelope.ts';
import { createEventRing, type EventRing } from './event-ring.ts';
import { formatReason } from './socket-connection.ts';

export interface EventStreamOptions {
  readonly maxStreams: number;
  readonly maxStreamsPerUser: number;
  /** How long a client may take to read what waits for it. */
  readonly drainMs: number;
  /** Within how long clients come back that are sent away at a stop, each at a moment of its own. */
  readonly returnWithinMs: number;
  /** After how long without an event a client is shown that the stream is alive (15 s). */
  readonly heartbeatMs?: number;
  /** How many events (1,000), of how many characters together (4 MiB), are kept for those who come back. */
  readonly keptCount?: number;
  readonly keptLength?: number;
  /** For how long after the last stream ended (60 s). */
  readonly keptMs?: number;
  /** How often tokens and readers are looked at (1 s). */
  readonly sweepMs?: number;
}

export interface EventStreamsDependencies {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly log: Pick<Logger, 'debug'>;
  readonly options: EventStreamOptions;
  /** Told when a stream comes or goes, and when one was refused. */
  readonly onStream?: (outcome: 'opened' | 'closed' | 'slow' | 'refused') => void;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

/** What a stream has of the events. */
export interface StreamRequest {
  readonly actor: Actor;
  readonly types: readonly string[];
  readonly campaignId?: string | undefined;
  readonly lastEventId?: string | undefined;
}

/** Events as server-sent events (WHATWG HTML, 9.2). */
export interface EventStreams {
  readonly count: number;
  /** Gives what streams events to an output. Throws `LimitExceededError`, and `ServiceUnavailableError` while the service stops. */
  open(request: StreamRequest): EventStreamer;
  /** Tells all that they may come back, ends them, and resolves when they are gone. */
  close(): Promise<void>;
}

interface Stream {
  readonly request: StreamRequest;
  readonly patterns: ReadonlySet<string>;
  readonly output: Writable;
  readonly throwIfOver: () => void;
  /** The place of the event that comes next. */
  place: number;
  /** When the output was last written to. */
  writtenAt: number;
  /** Since when what was written waits to be read; undefined while more can be written. */
  fullSince: number | undefined;
}

const DEFAULTS = {
  heartbeatMs: 15_000,
  keptCount: 1_000,
  keptLength: 4 * 1024 * 1024,
  keptMs: 60_000,
  sweepMs: 1_000,
};
/** After how long a client comes back whose connection broke. */
const RETRY_MS = 1_000;
/** How long a client may take to read why its stream ends. */
const GOODBYE_MS = 1_000;

/**
 * Makes the streams. All read the same bounded ring, each at its own place and as fast as its client reads: a slow one
 * costs no memory, and is sent away once the ring has gone past it. Nothing is listened to while nobody needs the ring.
 */
export function createEventStreams(dependencies: EventStreamsDependencies): EventStreams {
  const { bus, log, onStream, random = Math.random, now = () => performance.now() } = dependencies;
  const options = { ...DEFAULTS, ...dependencies.options };
  const streams = new Set<Stream>();
  const countOf = new Map<string, number>();
  let listening: { readonly ring: EventRing; readonly end: () => void } | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  let neededAt = 0;
  let isClosing = false;

  /** Gives the ring, and begins to listen for it. */
  const selectRing = (): EventRing => {
    if (listening !== undefined) return listening.ring;
    const ring = createEventRing({ maxCount: options.keptCount, maxLength: options.keptLength });
    const end = bus.subscribe('*', event => {
      ring.add(event);
      for (const stream of streams) pump(ring, stream);
    });
    listening = { ring, end };
    sweeping ??= setInterval(sweep, options.sweepMs).unref();
    return ring;
  };

  const write = (stream: Stream, text: string): void => {
    stream.writtenAt = now();
    if (!stream.output.write(text)) stream.fullSince ??= now();
  };

  /** Writes what a stream has not had yet, as far as its client reads. */
  const pump = (ring: EventRing, stream: Stream): void => {
    if (stream.place < ring.first) return dismiss(stream, 'slow');
    while (stream.fullSince === undefined && stream.place < ring.next) {
      const { place } = stream;
      const entry = ring.at(place);
      stream.place += 1;
      if (entry === undefined || !isFor(stream, entry.event)) continue;
      if (!isGood(stream)) return;
      write(stream, `id: ${ring.formatId(place)}\ndata: ${entry.text}\n\n`);
    }
  };

  /** Whether the token of a stream is still good; ends the stream of one that is not. */
  const isGood = (stream: Stream): boolean => {
    try {
      stream.throwIfOver();
      return true;
    } catch (error) {
      const { message } = toServiceError(error);
      end(stream, { type: 'UNAUTHENTICATED', message, isRetryable: false });
      return false;
    }
  };

  /** Cuts off a client that does not read: it comes back with the id of what it read last. */
  const dismiss = (stream: Stream, outcome: 'slow' | 'closed'): void => {
    if (!streams.has(stream)) return;
    if (outcome === 'slow') onStream?.('slow');
    forget(stream);
    stream.output.destroy();
  };

  /** Tells a client why its stream ends, and ends it. */
  const end = (stream: Stream, reason: CloseReason): void => {
    forget(stream);
    const { output } = stream;
    const retry = reason.retryAfterMs === undefined ? '' : `retry: ${RETRY_MS + reason.retryAfterMs}\n`;
    output.end(`${retry}event: close\ndata: ${JSON.stringify(formatReason(reason))}\n\n`);
    const giveUp = setTimeout(() => output.destroy(), GOODBYE_MS).unref();
    output.once('close', () => clearTimeout(giveUp));
  };

  const forget = (stream: Stream): void => {
    if (!streams.delete(stream)) return;
    const { userId } = stream.request.actor;
    const left = (countOf.get(userId) ?? 1) - 1;
    if (left > 0) countOf.set(userId, left);
    else countOf.delete(userId);
    neededAt = now();
    onStream?.('closed');
  };

  const sweep = (): void => {
    const at = now();
    for (const stream of streams) {
      if (!isGood(stream)) continue;
      if (stream.fullSince !== undefined) {
        if (at - stream.fullSince > options.drainMs) dismiss(stream, 'slow');
      } else if (at - stream.writtenAt >= options.heartbeatMs) write(stream, ': alive\n\n');
    }
    if (streams.size === 0 && at - neededAt > options.keptMs) stopListening();
  };

  const stopListening = (): void => {
    listening?.end();
    listening = undefined;
    clearInterval(sweeping);
    sweeping = undefined;
  };

  /** Where a client goes on that comes back, and what it is told first. */
  const begin = (ring: EventRing, lastEventId: string | undefined): { place: number; greeting: string } => {
    const current = ring.next - 1;
    if (lastEventId === undefined) return { place: ring.next, greeting: `id: ${ring.formatId(current)}\n\n` };
    const seen = ring.parseId(lastEventId);
    if (seen !== undefined && seen >= ring.first - 1 && seen <= current) return { place: seen + 1, greeting: '' };
    const reset = { lastEventId, message: 'What came since is not known any more.' };
    const greeting = `id: ${ring.formatId(current)}\nevent: reset\ndata: ${JSON.stringify(reset)}\n\n`;
    return { place: ring.next, greeting };
  };

  const start = (request: StreamRequest, output: Writable, throwIfOver: () => void): void => {
    if (output.destroyed) return;
    const ring = selectRing();
    const { place, greeting } = begin(ring, request.lastEventId);
    const patterns = new Set(request.types);
    const stream: Stream = { request, patterns, output, throwIfOver, place, writtenAt: now(), fullSince: undefined };
    streams.add(stream);
    const { userId } = request.actor;
    countOf.set(userId, (countOf.get(userId) ?? 0) + 1);
    onStream?.('opened');
    output.on('error', error => log.debug('stream.failed', { error }));
    output.once('close', () => dismiss(stream, 'closed'));
    output.on('drain', () => {
      stream.fullSince = undefined;
      if (streams.has(stream)) pump(ring, stream);
    });
    write(stream, `retry: ${RETRY_MS}\n${greeting === '' ? '\n' : greeting}`);
    pump(ring, stream);
    if (isClosing) end(stream, createStopReason());
  };

  const createStopReason = (): CloseReason => ({
    type: 'SERVICE_UNAVAILABLE',
    message: 'The service is stopping.',
    isRetryable: true,
    retryAfterMs: Math.round(random() * options.returnWithinMs),
  });

  return {
    get count() {
      return streams.size;
    },
    open(request) {
      if (isClosing) throw new ServiceUnavailableError('events', { message: 'The service is stopping.' });
      const ofUser = countOf.get(request.actor.userId) ?? 0;
      if (streams.size >= options.maxStreams || ofUser >= options.maxStreamsPerUser) {
        onStream?.('refused');
        throw new LimitExceededError('There are as many streams as there may be.');
      }
      return (output, throwIfOver) => start(request, output, throwIfOver);
    },
    async close() {
      isClosing = true;
      const gone = [...streams].map(stream => {
        const closed = new Promise<void>(resolve => stream.output.once('close', resolve));
        end(stream, createStopReason());
        return closed;
      });
      await Promise.all(gone);
      stopListening();
    },
  };
}

/** Whether an event is one that a stream was asked for, and one that its token lets it hear. */
function isFor({ request: { actor, campaignId }, patterns }: Stream, event: Envelope): boolean {
  const isWanted = campaignId === undefined || event.metadata.campaign?.campaignId === campaignId;
  return isWanted && selectPatterns(event.type).some(pattern => patterns.has(pattern)) && mayHear(actor, event);
}
