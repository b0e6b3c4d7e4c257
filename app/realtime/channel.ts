import { type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Encoder } from 'socket.io-parser';
import { type TokenVerifier } from '../../lib/auth/token-verifier.ts';
import { type VerifiedToken } from '../../lib/auth/token-cache.ts';
import {
  RateLimitedError,
  ServiceUnavailableError,
  UnauthenticatedError,
  UnauthorizedError,
} from '../../lib/errors.ts';
import { type Logger } from '../../lib/log.ts';
import { createTokenBucket, type TokenBucket } from '../../lib/token-bucket.ts';
import { type Clock } from '../context.ts';
import { EventTypeUnknownError, LimitExceededError } from '../errors.ts';
import { type Actor, isAllowed } from '../policy.ts';
import { type Bus, type Caller } from './bus.ts';
import { type CloseReason } from './connection.ts';
import {
  createEvent,
  type Envelope,
  type EventPayload,
  formatFailure,
  peekEventId,
  peekFailedType,
  readRequest,
  toServiceError,
} from './envelope.ts';
import { createFrame } from './frame.ts';
import { type FrameWriter } from './frame-writer.ts';
import { RequestDecoder, type RequestPacket } from './request-decoder.ts';
import { EVENT, formatReason, SocketConnection } from './socket-connection.ts';
import { type Streams } from './streams.ts';
import { type Subscriptions } from './subscriptions.ts';

export interface ChannelOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerUser: number;
  /** Requests of one connection: so many a second, so many at once after a pause, so many under way. */
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  readonly maxInFlight: number;
  readonly maxMessageBytes: number;
  readonly isCompressed: boolean;
  /** The origins of pages that may connect; none but its own when left out. */
  readonly origins?: readonly string[] | undefined;
  /** Within how long those who are disconnected at a stop come back, each at a moment of its own. */
  readonly returnWithinMs: number;
}

export interface ChannelDependencies {
  readonly bus: Bus;
  readonly tokens: TokenVerifier<Actor>;
  readonly subscriptions: Pick<Subscriptions, 'list' | 'unsubscribe'>;
  readonly streams: Pick<Streams, 'endUngranted'>;
  readonly writer: FrameWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: ChannelOptions;
  /** Told when a connection comes or goes, and why one was refused. */
  readonly onConnection?: (outcome: 'opened' | 'closed' | 'refused') => void;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** The door for Socket.IO clients. */
export interface Channel {
  readonly connectionCount: number;
  /** Takes the connections that come to a server at `/socket.io/`. */
  attach(server: HttpServer): void;
  /** Takes a new token for the one that a caller is connected with. Throws `UnauthenticatedError` and `UnauthorizedError`. */
  refreshToken(caller: Caller, token: string): Promise<EventPayload>;
  /** Takes nothing new, tells all that they may come back, and resolves when all are gone. */
  close(): Promise<void>;
}

/** What is known of a connection. */
interface Session {
  readonly connection: SocketConnection;
  readonly bucket: TokenBucket;
  /** What is aborted with the connection; there while requests are under way that want to know. */
  underWay: AbortController | undefined;
  isGone: boolean;
  verified: VerifiedToken<Actor>;
  inFlight: number;
  /** How many requests in a row were over the rate. */
  refused: number;
}

/** Who asks over a connection. Most requests never look at the signal, so it is made when one does. */
class SessionCaller implements Caller {
  readonly actor: Actor;
  readonly connection: SocketConnection;
  readonly #session: Session;

  constructor(session: Session) {
    this.actor = session.verified.actor;
    this.connection = session.connection;
    this.#session = session;
  }

  get signal(): AbortSignal {
    if (this.#session.isGone) return AbortSignal.abort();
    this.#session.underWay ??= new AbortController();
    return this.#session.underWay.signal;
  }
}

/** Where Socket.IO is. */
export const CHANNEL_PATH = '/socket.io/';

const SWEEP_MS = 1_000;
const HANDSHAKE_MS = 10_000;
/** So many may be connected beyond the limit for a moment: they are told of it, and why they are not let in. */
const STRANGERS = 1_000;
const MAX_TOKEN_LENGTH = 16_384;
/** Whoever does not read the answers to what it asks is disconnected. */
const MAX_WAITING_COUNT = 1_024;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** So often may somebody ask over one connection to be let in. */
const MAX_KNOCKS = 10;
/** Whoever goes on asking this often after it was told to wait is disconnected. */
const MAX_REFUSED = 1_000;

/** Makes the channel. Nothing is connected yet. */
export function createChannel(dependencies: ChannelDependencies): Channel {
  const { bus, tokens, subscriptions, streams, writer, clock, log, options, onConnection } = dependencies;
  const { random = Math.random } = dependencies;
  const sessions = new Map<string, Session>();
  const countOf = new Map<string, number>();
  /** How often somebody asked over a connection to be let in, and the connections over which somebody is, or waits to be. */
  const knocks = new WeakMap<Socket['conn'], number>();
  const taken = new WeakSet<Socket['conn']>();
  const io: Server = new Server({
    path: CHANNEL_PATH.slice(0, -1),
    serveClient: false,
    destroyUpgrade: false,
    connectTimeout: HANDSHAKE_MS,
    allowRequest: ({ headers }, decide) => {
      // Those who have not said yet who they are take room as well.
      const isRoom = io.engine.clientsCount < options.maxConnections + STRANGERS;
      decide(null, isRoom && isOriginAllowed(headers, options.origins));
    },
    parser: { Encoder, Decoder: RequestDecoder },
    maxHttpBufferSize: options.maxMessageBytes,
    perMessageDeflate: options.isCompressed,
    httpCompression: options.isCompressed,
    ...(options.origins && { cors: { origin: [...options.origins] } }),
  });
  let isClosing = false;
  let sweeping: NodeJS.Timeout | undefined;

  io.use((socket, next) => {
    admitOnce(socket).then(
      () => next(),
      (error: unknown) => {
        onConnection?.('refused');
        next(toConnectError(error));
      },
    );
  });
  io.on('connection', open);

  /** Lets somebody in over a connection that nobody else has. Throws why not, and hangs up on who goes on and on. */
  async function admitOnce(socket: Socket): Promise<void> {
    const { conn } = socket;
    const count = (knocks.get(conn) ?? 0) + 1;
    knocks.set(conn, count);
    if (count >= MAX_KNOCKS) conn.close();
    if (count >= MAX_KNOCKS || taken.has(conn)) throw new LimitExceededError('A connection is let in once.');
    taken.add(conn);
    socket.once('disconnect', () => taken.delete(conn));
    try {
      await admit(socket);
    } catch (error) {
      taken.delete(conn);
      throw error;
    }
  }

  /** Lets a socket in, or throws why not. */
  async function admit(socket: Socket): Promise<void> {
    if (isClosing) throw createStoppingError();
    const { token } = socket.handshake.auth as { token?: unknown };
    if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) throw new UnauthenticatedError();
    const verified = await verify(token);
    const { userId } = verified.actor;
    if (sessions.size >= options.maxConnections || (countOf.get(userId) ?? 0) >= options.maxConnectionsPerUser) {
      throw new LimitExceededError('There are as many connections as there may be.');
    }
    (socket.data as { verified: VerifiedToken<Actor> }).verified = verified;
  }

  async function verify(token: string): Promise<VerifiedToken<Actor>> {
    const verified = await tokens.verify(token);
    tokens.throwIfOver(verified);
    return verified;
  }

  function open(socket: Socket): void {
    const { verified } = socket.data as { verified: VerifiedToken<Actor> };
    const { userId } = verified.actor;
    const { requestsPerSecond: perSecond, requestBurst: burst } = options;
    const session: Session = {
      connection: new SocketConnection(socket, { writer, clock, selectActor: () => session.verified.actor }),
      bucket: createTokenBucket({ perSecond, burst }),
      underWay: undefined,
      isGone: false,
      verified,
      inFlight: 0,
      refused: 0,
    };
    sessions.set(socket.id, session);
    countOf.set(userId, (countOf.get(userId) ?? 0) + 1);
    onConnection?.('opened');
    forgetHandshake(socket);
    // Unlike other listeners it hears of what came right behind a goodbye, too: that is answered like everything.
    socket.onAny((_event: string, ...packet: RequestPacket) => void receive(session, packet));
    socket.on('error', error => log.debug('socket.failed', { error }));
    socket.once('disconnect', () => {
      // Who left may come in again over the same connection: nothing that was sent before may come after that.
      session.connection.flush();
      sessions.delete(socket.id);
      const left = (countOf.get(userId) ?? 1) - 1;
      if (left > 0) countOf.set(userId, left);
      else countOf.delete(userId);
      session.isGone = true;
      session.underWay?.abort();
      onConnection?.('closed');
    });
    // Who came in while all were told to go.
    if (isClosing) session.connection.close(createStopReason());
  }

  /** Takes what a client sent, whatever it is, and sees to it that there is exactly one answer. */
  async function receive(session: Session, [name, input, answerId]: RequestPacket): Promise<void> {
    const answer = await respond(session, name, input);
    if (answerId === undefined) session.connection.send(createFrame(answer));
    else session.connection.answer(answerId, answer);
  }

  async function respond(session: Session, name: unknown, input: unknown): Promise<Envelope> {
    try {
      throwIfTooMuch(session);
      throwIfOver(session);
      const caller = new SessionCaller(session);
      if (name !== EVENT) throw new EventTypeUnknownError();
      const request = readRequest(input, { userId: caller.actor.userId, now: clock() });
      session.inFlight += 1;
      try {
        return await bus.handle(request, caller);
      } finally {
        session.inFlight -= 1;
        if (session.inFlight === 0) session.underWay = undefined;
      }
    } catch (error) {
      const told = toServiceError(error);
      if (told.reportable) log.error('request.failed', { error: told });
      return createEvent(
        peekFailedType(input),
        { ...formatFailure(told) },
        { causeId: peekEventId(input), at: clock() },
      );
    }
  }

  function throwIfTooMuch(session: Session): void {
    const { connection, bucket } = session;
    if (isClosing) throw createStoppingError();
    if (connection.waitingCount > MAX_WAITING_COUNT || connection.waitingBytes > MAX_WAITING_BYTES) {
      const message = 'What was sent was not read in time.';
      connection.close({ type: 'LIMIT_EXCEEDED', message, isRetryable: true });
      throw new LimitExceededError(message);
    }
    if (!bucket.take()) {
      session.refused += 1;
      const message = 'Too many requests over this connection.';
      if (session.refused >= MAX_REFUSED) connection.close({ type: 'RATE_LIMITED', message, isRetryable: false });
      throw new RateLimitedError(1, message);
    }
    session.refused = 0;
    if (session.inFlight >= options.maxInFlight) {
      throw new LimitExceededError(`A connection may have ${options.maxInFlight} requests under way.`);
    }
  }

  /** Throws when the token of a session is over, and ends the session. */
  function throwIfOver({ verified, connection }: Session): void {
    try {
      tokens.throwIfOver(verified);
    } catch (error) {
      const { message } = error as Error;
      connection.close({ type: 'UNAUTHENTICATED', message, isRetryable: false });
      throw error;
    }
  }

  function sweep(): void {
    for (const session of sessions.values()) {
      try {
        throwIfOver(session);
      } catch {
        log.debug('session.over', { connection: session.connection.id });
      }
    }
  }

  function createStopReason(): CloseReason {
    const retryAfterMs = Math.round(random() * options.returnWithinMs);
    return { type: 'SERVICE_UNAVAILABLE', message: 'The service is stopping.', isRetryable: true, retryAfterMs };
  }

  return {
    get connectionCount() {
      return sessions.size;
    },
    attach(server) {
      io.attach(server);
      sweeping = setInterval(sweep, SWEEP_MS).unref();
    },
    async refreshToken({ connection }, token) {
      const session = connection && sessions.get(connection.id);
      if (session === undefined) throw new UnauthorizedError('Only a connection has a token to be refreshed.');
      const verified = await verify(token);
      const { actor, validUntil } = verified;
      if (actor.userId !== session.verified.actor.userId) throw new UnauthorizedError('The token is another user’s.');
      session.verified = verified;
      // What the new token does not grant ends with the old one.
      streams.endUngranted(session.connection);
      const ended = subscriptions.list(session.connection).filter(campaignId => !isAllowed(actor, 'read', campaignId));
      for (const campaignId of ended) await subscriptions.unsubscribe(campaignId, session.connection);
      return { expiresAt: new Date(validUntil * 1000), ended };
    },
    async close() {
      isClosing = true;
      clearInterval(sweeping);
      for (const { connection } of sessions.values()) connection.close(createStopReason());
      while (sessions.size > 0) await new Promise(resolve => setTimeout(resolve, 10));
      // What has shaken no hands yet.
      io.engine?.close();
    },
  };
}

/** Lets go of what was said when a socket connected: headers and tokens of thousands, which nobody asks for again. */
function forgetHandshake(socket: Socket): void {
  Object.assign(socket, { handshake: undefined });
  Object.assign(socket.conn, { request: undefined });
}

function createStoppingError(): ServiceUnavailableError {
  return new ServiceUnavailableError('channel', { message: 'The service is stopping.' });
}

/** Browsers let any page open a WebSocket, and say which one it is; other clients have no origin. */
function isOriginAllowed({ origin, host }: IncomingHttpHeaders, allowed: readonly string[] = []): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** What Socket.IO tells a client that is not let in, as `data`. */
function toConnectError(error: unknown): Error {
  const { type, message } = toServiceError(error);
  const isRetryable = type !== 'UNAUTHENTICATED';
  return Object.assign(new Error(message), {
    data: formatReason({ type: type as CloseReason['type'], message, isRetryable }),
  });
}
