import { Redis, ReplyError } from 'ioredis';
import { type Logger } from '../../../lib/log.ts';
import { selectPauseMs } from '../../../lib/retry.ts';

/** What a connection is for; also its name in logs, metrics and health. */
export type RedisRole = 'primary' | 'replica' | 'subscriber';

export interface RedisConnectionOptions {
  readonly role: RedisRole;
  /** `redis://` or `rediss://`, with credentials where the server wants them. Secret. */
  readonly url: string;
  /** How long a command may take. */
  readonly commandTimeoutMs: number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/** A connection to a Redis server, which may be away: it comes back by itself, and nothing ever waits for it. */
export interface RedisConnection {
  readonly role: RedisRole;
  /** Whether commands are worth sending: it is connected, and has answered lately. */
  readonly isAnswering: boolean;
  readonly client: Redis;
  /** Has a listener told each time that the server can be used (again), and that it cannot. Must not throw. */
  onChange(listener: (isAnswering: boolean) => void): void;
  /** Begins to connect; never throws. */
  open(): void;
  /** Does something with the server. Throws at once while it does not answer, and what a command throws. */
  run<T>(work: (client: Redis) => Promise<T>): Promise<T>;
  /** Closes it in good order, or at once where the server does not answer. */
  close(): Promise<void>;
}

/** The server is away, or does not answer. */
export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';

  constructor(role: RedisRole) {
    super(`The Redis server (${role}) does not answer.`);
  }
}

/** How many commands in a row that were not answered mean that a server hangs: it is sent no more than a ping now and again. */
const SILENCE_LIMIT = 2;
/** How often a server is asked whether it is there; it may hang, or its connection be dead, while nobody uses it. */
const PING_INTERVAL_MS = 1_000;
/** After how long without a word a connection is given up and made anew. */
const SOCKET_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_PAUSE = { baseMs: 100, maxMs: 5_000 };

/**
 * Makes a connection, and opens it not yet. It reconnects for ever, with jitter; each change between answering and
 * away is logged once. No command is queued while the server is away.
 */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { role, url, commandTimeoutMs, log } = options;
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: commandTimeoutMs,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: attempt => Math.ceil(10 + selectPauseMs(Math.min(attempt, 30), RECONNECT_PAUSE)),
    connectionName: `campaign-service-${role}`,
    // Subscriptions are made anew by whoever holds them, each time that the server answers again.
    autoResubscribe: false,
  });
  const state: { answering: boolean | undefined; silences: number; closed: boolean; timer?: NodeJS.Timeout } = {
    answering: undefined,
    silences: 0,
    closed: false,
  };

  const listeners: ((isAnswering: boolean) => void)[] = [];

  const setAnswering = (answering: boolean, error?: unknown): void => {
    if (state.answering === answering || state.closed) return;
    state.answering = answering;
    state.silences = 0;
    if (answering) log.info('redis.answers', { role });
    else log.warn('redis.away', { role, ...(error !== undefined && { error }) });
    for (const listener of listeners) listener(answering);
  };

  const run = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
    if (state.answering !== true) throw new RedisAwayError(role);
    try {
      const result = await work(client);
      state.silences = 0;
      return result;
    } catch (error) {
      // What the server refuses it has answered.
      if (!(error instanceof ReplyError) && ++state.silences >= SILENCE_LIMIT) setAnswering(false, error);
      throw error;
    }
  };

  /** Asks the server whether it is there. A connection that breaks is made anew by itself, and tells so. */
  const ping = (): void => {
    if (client.status !== 'ready') return;
    const isBack = (): void => setAnswering(true);
    (state.answering ? run(() => client.ping()) : client.ping().then(isBack)).catch(() => undefined);
  };

  client.on('ready', () => setAnswering(true));
  client.on('close', () => setAnswering(false));
  // What goes wrong on the connection comes here, over and over; the first word of it is enough.
  client.on('error', (error: Error) => setAnswering(false, error));

  return {
    role,
    client,
    get isAnswering() {
      return state.answering === true;
    },
    onChange: listener => void listeners.push(listener),
    run,
    open() {
      client.connect().catch(() => undefined);
      state.timer = setInterval(ping, PING_INTERVAL_MS).unref();
    },
    async close() {
      const isReady = state.answering === true;
      state.closed = true;
      clearInterval(state.timer);
      if (isReady) await client.quit().catch(() => undefined);
      client.disconnect();
    },
  };
}
