import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { createChannelContract } from './channel-contract.ts';
import { until } from './until.ts';

/** A client of the channel, by the real library. */
export interface ChannelClient {
  readonly socket: Socket;
  /** All that came but for acknowledgements. */
  readonly events: readonly Envelope[];
  /** The payloads of what came of a type. */
  received(type: string): Record<string, unknown>[];
  /** Sends a request (`campaign:update`) and gives its answer. */
  ask(action: string, payload?: object, envelope?: object): Promise<Answer>;
  /** Sends anything at all under any name. */
  send(name: string, ...args: unknown[]): Promise<Answer>;
  /** Resolves with the reason when the connection is gone. */
  readonly closed: Promise<string>;
  close(): void;
}

/** An answer, with the error when it is one. */
export interface Answer extends Omit<Envelope, 'payload'> {
  readonly payload: Record<string, unknown> & {
    readonly error?: { readonly type: string; readonly message: string; readonly details?: readonly object[] };
  };
}

/** What a client is told that is not let in. */
export interface Refusal extends Error {
  readonly data?: {
    readonly error: { readonly type: string; readonly message: string };
    readonly isRetryable: boolean;
  };
}

/** Everything that these clients send and get is held against what the service publishes. */
const contract = createChannelContract();

/** Connects with a token. Throws the `Refusal` of one that is not let in. */
export async function connectChannel(
  url: string,
  token: unknown,
  options: { readonly transports?: string[]; readonly extraHeaders?: Record<string, string> } = {},
): Promise<ChannelClient> {
  const socket = io(url, {
    auth: { token },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...options,
  });
  const events: Envelope[] = [];
  socket.on('event', (event: Envelope) => {
    events.push(event);
    // Outside of the client, so that the test fails and not the connection.
    setImmediate(() => contract.throwIfNotPromised(event));
  });
  const closed = new Promise<string>(resolve => socket.once('disconnect', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', error => {
      socket.close();
      reject(error);
    });
  });
  const send = async (name: string, ...args: unknown[]): Promise<Answer> => {
    const answer = (await socket.emitWithAck(name, ...args)) as Answer;
    contract.throwIfNotPromised(answer);
    if (answer.payload.error === undefined) contract.throwIfNotDescribed(args[0]);
    return answer;
  };
  return {
    socket,
    events,
    received: type => events.filter(event => event.type === type).map(({ payload }) => payload),
    ask: (action, payload = {}, envelope = {}) =>
      send('event', { type: `${action}:v1:requested`, eventId: randomUUID(), payload, ...envelope }),
    send,
    closed,
    close: () => void socket.close(),
  };
}

/** Waits until a client has so many events of a campaign's state, and gives their payloads. */
export async function receiveStates(client: ChannelClient, count: number): Promise<Record<string, unknown>[]> {
  return until(
    () => client.received('campaign:state:v1:success'),
    states => states.length >= count,
  );
}
