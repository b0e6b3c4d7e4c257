import { UnauthorizedError, ValidationError } from '../../lib/errors.ts';
import { createKeyedQueue } from '../../lib/keyed-queue.ts';
import { type Clock } from '../context.ts';
import { LimitExceededError } from '../errors.ts';
import { isAllowed } from '../policy.ts';
import { type Connection } from './connection.ts';
import { type EventPayload, type RequestEnvelope } from './envelope.ts';
import { openStream, type Stream, type StreamLimits, type StreamWriter } from './stream.ts';

/** A request for a stream. */
export interface StreamRequest {
  readonly envelope: RequestEnvelope;
  readonly campaignId: string;
  /** What the caller is connected by. */
  readonly connection: Connection | undefined;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** Has the stream filled from now on. Throws what the caller is told. */
  readonly fill: (stream: StreamWriter) => Promise<void>;
}

/** The streams of a process. */
export interface Streams {
  /**
   * Opens the stream that a request asks for, in the place of one that is open to the same end, and lets it begin once
   * the request is answered. Gives the answer. Throws `ValidationError` without a connection, `LimitExceededError`,
   * `UnauthorizedError`, and what `fill` throws; then there is no new stream.
   */
  start(request: StreamRequest): Promise<EventPayload>;
  /** Ends a connection's streams of a service on a campaign, all or one. Gives the actions that they had been asked by. */
  stop(connection: Connection, selection: StreamSelection): Promise<string[]>;
  /** Ends those on campaigns that the connection may not read any more. */
  endUngranted(connection: Connection): void;
  /** How many a connection has. */
  count(connection: Connection): number;
  /** How many there are. */
  readonly total: number;
}

export interface StreamSelection {
  readonly service: string;
  readonly campaignId: string;
  readonly action?: string | undefined;
}

export interface StreamsDependencies {
  readonly clock: Clock;
  readonly limits: StreamLimits & { readonly perConnection: number };
  /** How many of the places for streams a connection has taken for something else. */
  readonly countOthers: (connection: Connection) => number;
  readonly metrics: StreamMetrics;
}

export interface StreamMetrics {
  /** An item was sent. `type` is one of the registered ones. */
  item(type: string): void;
  slow(action: 'closed'): void;
}

interface OwnStream {
  readonly stream: Stream;
  readonly service: string;
  readonly action: string;
  readonly campaignId: string;
}

/** Makes the streams of a process. None is open yet. */
export function createStreams({ clock, limits, countOthers, metrics }: StreamsDependencies): Streams {
  const byConnection = new Map<Connection, Map<string, OwnStream>>();
  /** What one connection asks about its streams of one campaign is done in the order in which it was asked. */
  const turns = createKeyedQueue();
  let total = 0;

  const selectOwn = (connection: Connection): Map<string, OwnStream> => {
    const known = byConnection.get(connection);
    if (known !== undefined) return known;
    const own = new Map<string, OwnStream>();
    byConnection.set(connection, own);
    connection.onClose(() => {
      for (const { stream } of own.values()) stream.drop();
      byConnection.delete(connection);
    });
    return own;
  };

  const open = async (request: StreamRequest, connection: Connection): Promise<EventPayload> => {
    const { envelope, campaignId, signal, fill } = request;
    const { service, action } = envelope.name;
    signal.throwIfAborted();
    const own = selectOwn(connection);
    const key = `${envelope.type} ${campaignId}`;
    const earlier = own.get(key);
    if (earlier === undefined && own.size + countOthers(connection) >= limits.perConnection) {
      throw new LimitExceededError(`A connection may have ${limits.perConnection} subscriptions and streams.`);
    }
    const stream = openStream({
      request: envelope,
      campaignId,
      connection,
      limits,
      clock,
      onItem: () => metrics.item(envelope.type),
      onSlow: action => metrics.slow(action),
    });
    const one = { stream, service, action, campaignId };
    try {
      if (earlier === undefined) own.set(key, one);
      await fill(stream.writer);
      stream.throwIfEnded();
      signal.throwIfAborted();
      // The token may have been exchanged for another one meanwhile.
      if (!isAllowed(connection.actor, 'read', campaignId)) throw new UnauthorizedError();
    } catch (error) {
      if (own.get(key) === one) own.delete(key);
      stream.drop();
      throw error;
    }
    await earlier?.stream.begun;
    earlier?.stream.succeed('replaced');
    own.set(key, one);
    total += 1;
    stream.writer.onEnd(() => {
      total -= 1;
      if (own.get(key) === one) own.delete(key);
    });
    // The answer to the request is sent in this turn of the event loop, the first item in a later one.
    setImmediate(() => stream.begin());
    return { campaignId };
  };

  const selectTurn = ({ id }: Connection, campaignId: string): string => `${id} ${campaignId}`;

  return {
    async start(request) {
      const { connection, campaignId } = request;
      if (connection === undefined) {
        throw new ValidationError([{ path: '', message: 'can be asked for over a connection alone' }]);
      }
      return turns.run(selectTurn(connection, campaignId), () => open(request, connection));
    },
    stop: (connection, { service, campaignId, action }) =>
      turns.run(selectTurn(connection, campaignId), async () => {
        const those = [...(byConnection.get(connection)?.values() ?? [])].filter(
          one =>
            one.service === service && one.campaignId === campaignId && (action === undefined || one.action === action),
        );
        for (const { stream } of those) {
          await stream.begun;
          stream.succeed('stopped');
        }
        return those.map(one => one.action);
      }),
    endUngranted(connection) {
      for (const { stream, campaignId } of [...(byConnection.get(connection)?.values() ?? [])]) {
        if (!isAllowed(connection.actor, 'read', campaignId)) stream.fail(new UnauthorizedError());
      }
    },
    count: connection => byConnection.get(connection)?.size ?? 0,
    get total() {
      return total;
    },
  };
}
