import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { type Envelope } from '../../../app/realtime/envelope.ts';
import { type HistoryRequest } from './history.ts';
import { type HistoryRecorder } from './recorder.ts';

/** A client of the channel that does what a client should, and writes down what happens to it. */
export interface HistoryDriver {
  readonly name: string;
  readonly socket: Socket;
  /** How often it was connected. */
  readonly connections: number;
  /** How often a request was sent once more. */
  readonly resent: number;
  /** What it knows of a campaign that it follows. */
  cursor(campaignId: string): Cursor | undefined;
  /** Subscribes to a campaign, and again on each new connection, from where it was. */
  follow(campaignId: string, mode?: 'patch' | 'full'): void;
  /** Ends that. Resolves when the server has said so. */
  unfollow(campaignId: string): Promise<void>;
  /**
   * Sends a request, on each new connection again, under the same event id, until there is an answer that is final: not
   * that the service has no time, or that it does not know. Null when the client is closed before that.
   */
  ask(action: string, payload: object, eventId?: string): Promise<Envelope | null>;
  /** Breaks the connection; the client comes back. */
  drop(): void;
  /** Leaves for good. */
  close(): void;
}

/** What a subscriber has seen last. */
export interface Cursor {
  readonly version: number;
  readonly changeId: string;
}

export interface HistoryDriverOptions {
  readonly name: string;
  readonly url: string;
  readonly recorder: HistoryRecorder;
  /** Gives a token that is good now. */
  readonly selectToken: () => string;
}

interface Pending {
  readonly request: HistoryRequest;
  sendings: number;
  readonly resolve: (answer: Envelope | null) => void;
}

const STATE = 'campaign:state:v1:success';
const RETRIED = new Set(['SERVICE_UNAVAILABLE', 'TIMEOUT', 'RATE_LIMITED', 'LIMIT_EXCEEDED']);
const PAUSE_MS = 50;
/** A connection over which an answer takes longer is given up. */
const PATIENCE_MS = 10_000;

/** Makes a client that connects at once. */
export function createHistoryDriver({ name, url, recorder, selectToken }: HistoryDriverOptions): HistoryDriver {
  const socket = io(url, {
    auth: answer => answer({ token: selectToken() }),
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 300,
    timeout: 5_000,
  });
  const follows = new Map<string, 'patch' | 'full'>();
  const cursors = new Map<string, Cursor>();
  const pending = new Set<Pending>();
  let connection = 0;
  let sending = 0;
  let resent = 0;
  let isClosed = false;

  const comeBack = (): void => {
    if (!isClosed) setTimeout(() => socket.connect(), PAUSE_MS).unref();
  };

  socket.on('connect', () => {
    connection += 1;
    recorder.note({ kind: 'opened', client: name, connection });
    for (const campaignId of follows.keys()) void subscribe(campaignId);
    for (const one of pending) void send(one);
  });
  socket.on('disconnect', reason => {
    recorder.note({ kind: 'closed', client: name, connection, reason });
    // By itself it comes back from all but this.
    if (reason === 'io server disconnect') comeBack();
  });
  socket.on('connect_error', () => {
    if (!socket.active) comeBack();
  });
  socket.on('event', (frame: Envelope) => {
    recorder.note({ kind: 'frame', client: name, connection, frame });
    if (frame.type === STATE) moveCursor(frame.payload);
  });

  const moveCursor = (payload: Envelope['payload']): void => {
    const { campaignId, versions = [payload] } = payload as { campaignId: string; versions?: unknown[] };
    const { version, changeId } = versions.at(-1) as Cursor;
    cursors.set(campaignId, { version, changeId });
  };

  /** Sends once, over the connection that there is. Null when it ends first. */
  const emit = async (request: HistoryRequest): Promise<Envelope | null> => {
    if (!socket.connected) return null;
    const own = { client: name, connection, sending: ++sending };
    recorder.note({ kind: 'request', ...own, request });
    const timestamp = new Date().toISOString();
    return new Promise(resolve => {
      const giveUp = (): void => void socket.io.engine.close();
      const patience = setTimeout(giveUp, PATIENCE_MS);
      const leave = (): void => {
        clearTimeout(patience);
        resolve(null);
      };
      socket.once('disconnect', leave);
      socket.emit('event', { ...request, timestamp }, (answer: Envelope) => {
        clearTimeout(patience);
        socket.off('disconnect', leave);
        recorder.note({ kind: 'answer', ...own, answer });
        resolve(answer);
      });
    });
  };

  const send = async (one: Pending): Promise<void> => {
    one.sendings += 1;
    if (one.sendings > 1) resent += 1;
    const answer = await emit(one.request);
    if (answer === null || !pending.has(one)) return;
    if (isRetried(answer)) {
      const sentOver = connection;
      await sleep(PAUSE_MS);
      // On a new connection it was sent again already.
      if (sentOver === connection && socket.connected) await send(one);
      return;
    }
    pending.delete(one);
    one.resolve(answer);
  };

  const subscribe = async (campaignId: string): Promise<void> => {
    const since = cursors.get(campaignId);
    const mode = follows.get(campaignId);
    const sentOver = connection;
    const answer = await emit({
      type: 'campaign:subscribe:v1:requested',
      eventId: randomUUID(),
      payload: { campaignId, ...(since !== undefined && { since }), ...(mode === 'full' && { mode }) },
    });
    if (answer === null || !isRetried(answer)) return;
    await sleep(PAUSE_MS);
    if (sentOver === connection && follows.has(campaignId)) await subscribe(campaignId);
  };

  const ask = (action: string, payload: object, eventId: string = randomUUID()): Promise<Envelope | null> =>
    new Promise(resolve => {
      const request = { type: `campaign:${action}:v1:requested`, eventId, payload: { ...payload } };
      const one: Pending = { request, sendings: 0, resolve };
      pending.add(one);
      if (socket.connected) void send(one);
    });

  return {
    name,
    socket,
    get connections() {
      return connection;
    },
    get resent() {
      return resent;
    },
    cursor: campaignId => cursors.get(campaignId),
    follow(campaignId, mode = 'patch') {
      follows.set(campaignId, mode);
      if (socket.connected) void subscribe(campaignId);
    },
    async unfollow(campaignId) {
      follows.delete(campaignId);
      await ask('unsubscribe', { campaignId });
    },
    ask,
    drop: () => void socket.io.engine?.close(),
    close() {
      isClosed = true;
      socket.close();
      for (const one of pending) one.resolve(null);
      pending.clear();
    },
  };
}

function isRetried({ payload }: Envelope): boolean {
  const { error } = payload as { error?: { type: string } };
  return error !== undefined && RETRIED.has(error.type);
}
