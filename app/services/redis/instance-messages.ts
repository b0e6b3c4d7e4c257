import { randomUUID } from 'node:crypto';
import { type AnySchemaObject } from 'ajv/dist/2020.js';
import { type Log } from '../../../lib/log.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type RedisConnection } from './connection.ts';
import { createPublisher, type Publisher, type PublisherOptions } from './publisher.ts';
import { type RedisServers } from './servers.ts';

/** What instances tell each other of; also its name in metrics and logs. */
export type InstanceTopic = 'invalidations' | 'stateNews' | 'events' | 'presence';

/** What became of messages: `refused` are those that no instance can have sent. */
export type MessageOutcome = 'sent' | 'dropped' | 'received' | 'refused';

export interface ListenOptions<M> {
  readonly topic: InstanceTopic;
  /** The channel of Redis; one that ends in `*` stands for all that begin so. */
  readonly channel: string;
  readonly schema: AnySchemaObject;
  /** Called with each message of another instance, of a form that was checked. Must not throw. */
  readonly onMessage: (message: M, channel: string, from: string) => void;
  /** Whether what comes over a channel is worth reading; all of it when left out. */
  readonly isWanted?: (channel: string) => boolean;
}

export interface OpenPublisherOptions<T> extends Pick<PublisherOptions<T>, 'measure' | 'shrink' | 'limits'> {
  readonly topic: InstanceTopic;
  /** Sends a batch by one command; `sign` makes the text of a message of some items. */
  readonly send: (
    client: Parameters<PublisherOptions<T>['send']>[0],
    batch: readonly T[],
    sign: (items: readonly string[]) => string,
  ) => Promise<unknown>;
  readonly onDropped?: (batch: readonly T[]) => void;
}

/**
 * What instances tell each other through Redis: at once, at most once, and nobody waits for it. Whoever uses it gets
 * along without it.
 */
export interface InstanceMessages {
  /** Whether what is told is heard, as far as is known; never without Redis. */
  readonly isConnected: boolean;
  /** Has a listener told when that changes. What others told in between is lost. Must not throw. */
  onChange(listener: (isConnected: boolean) => void): void;
  /** Hears a topic; to be called before the connections are opened. */
  listen<M>(options: ListenOptions<M>): void;
  openPublisher<T>(options: OpenPublisherOptions<T>): Publisher<T>;
  /** Hears a topic and tells of it over one channel. */
  openTopic<M>(options: OpenTopicOptions<M>): Publisher<M>;
}

export type OpenTopicOptions<M> = Omit<ListenOptions<M>, 'isWanted'> &
  Pick<OpenPublisherOptions<M>, 'limits' | 'measure' | 'shrink'>;

interface Message {
  readonly from: string;
  readonly items: readonly unknown[];
}

export interface InstanceMessagesDependencies {
  readonly Log: Log;
  readonly count: (topic: InstanceTopic, outcome: MessageOutcome, messages: number) => void;
}

const messages: Validator<Message> = createValidator({
  type: 'object',
  required: ['from', 'items'],
  properties: { from: { type: 'string', maxLength: 64 }, items: { type: 'array', maxItems: 1_000 } },
});

/** Longer texts are no message of ours, and are not read. */
const MAX_LENGTH = 16 * 1024 * 1024;
const SUBSCRIBE_AGAIN_MS = 1_000;
/** Who sends nonsense may send much of it. */
const WARN_EVERY_MS = 1_000;

/** Makes the messages between instances; without servers nobody is told or heard. */
export function createInstanceMessages(
  servers: Pick<RedisServers, 'primary' | 'subscriber'> | null,
  { Log, count }: InstanceMessagesDependencies,
): InstanceMessages {
  const instance = randomUUID();
  const log = Log('app/services/redis/messages');
  const handlers: { readonly channel: string; readonly take: (text: string, channel: string) => void }[] = [];
  const listeners: ((isConnected: boolean) => void)[] = [];
  let isSubscribed = false;
  let wasConnected = false;
  let warnedAtMs = -Infinity;

  const isConnected = (): boolean => isSubscribed && servers?.primary.isAnswering === true;

  const tellChange = (): void => {
    const is = isConnected();
    if (is === wasConnected) return;
    wasConnected = is;
    for (const listener of listeners) listener(is);
  };

  const subscribe = async (subscriber: RedisConnection): Promise<void> => {
    const names = handlers.map(({ channel }) => channel);
    const patterns = names.filter(isPattern);
    const channels = names.filter(name => !isPattern(name));
    try {
      await subscriber.run(async client => {
        if (channels.length > 0) await client.subscribe(...channels);
        if (patterns.length > 0) await client.psubscribe(...patterns);
      });
      isSubscribed = subscriber.isAnswering;
      tellChange();
    } catch (error) {
      log.warn('messages.notSubscribed', { error });
      const again = (): void => {
        if (!isSubscribed && subscriber.isAnswering) void subscribe(subscriber);
      };
      setTimeout(again, SUBSCRIBE_AGAIN_MS).unref();
    }
  };

  const refuse = (topic: InstanceTopic): void => {
    count(topic, 'refused', 1);
    const now = performance.now();
    if (now - warnedAtMs < WARN_EVERY_MS) return;
    warnedAtMs = now;
    log.warn('messages.refused', { topic });
  };

  const beginning = `{"from":"${instance}",`;
  const sign = (items: readonly string[]): string => `${beginning}"items":[${items.join(',')}]}`;

  const listen = <M>({ topic, channel, schema, onMessage, isWanted = () => true }: ListenOptions<M>): void => {
    const validator: Validator<M> = createValidator(schema);
    const take = (text: string, from: string): void => {
      // What this instance sent comes back to it, and need not be read.
      if (!isWanted(from) || text.startsWith(beginning)) return;
      const message = read(text);
      if (message === null) return refuse(topic);
      for (const item of message.items) {
        if (validator.selectFaults(item).length > 0) {
          refuse(topic);
          continue;
        }
        count(topic, 'received', 1);
        onMessage(item as M, from, message.from);
      }
    };
    handlers.push({ channel, take });
  };

  const openPublisher = <T>({ topic, send, onDropped, ...options }: OpenPublisherOptions<T>): Publisher<T> => {
    if (servers === null) return { publish: () => undefined };
    return createPublisher({
      ...options,
      connection: servers.primary,
      send: (client, batch) => send(client, batch, sign),
      onSent: batch => count(topic, 'sent', batch.length),
      onDropped(batch) {
        count(topic, 'dropped', batch.length);
        onDropped?.(batch);
      },
    });
  };

  if (servers !== null) {
    const { primary, subscriber } = servers;
    const select = (name: string) => handlers.find(({ channel }) => channel === name);
    subscriber.client.on('message', (channel, text) => select(channel)?.take(text, channel));
    subscriber.client.on('pmessage', (pattern, channel, text) => select(pattern)?.take(text, channel));
    subscriber.onChange(isAnswering => {
      isSubscribed = false;
      tellChange();
      if (isAnswering) void subscribe(subscriber);
    });
    primary.onChange(tellChange);
  }

  return {
    get isConnected() {
      return isConnected();
    },
    onChange: listener => void listeners.push(listener),
    listen,
    openPublisher,
    openTopic<M>({ limits = {}, measure, shrink, ...options }: OpenTopicOptions<M>) {
      listen(options);
      const { topic, channel } = options;
      return openPublisher<M>({
        topic,
        limits,
        ...(measure && { measure }),
        ...(shrink && { shrink }),
        send: (client, batch, sign) => client.publish(channel, sign(batch.map(item => JSON.stringify(item)))),
      });
    },
  };
}

function isPattern(channel: string): boolean {
  return channel.endsWith('*');
}

function read(text: string): Message | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    const message: unknown = JSON.parse(text);
    return messages.selectFaults(message).length === 0 ? (message as Message) : null;
  } catch {
    return null;
  }
}
