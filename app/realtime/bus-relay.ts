import { createHash } from 'node:crypto';
import { eventEnvelope } from '../../schemas/event-envelope.ts';
import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { type BusRelay, type BusReceiver } from './bus.ts';
import { type Envelope, selectEventName } from './envelope.ts';
import { type Presence } from './presence.ts';

const PREFIX = 'nexus:';

/** An event on its way between instances. `key` says what makes it the same event. */
interface RelayedEvent {
  readonly key: string;
  readonly event: Envelope;
}

interface Outgoing {
  readonly channel: string;
  readonly type: string;
  readonly key: string;
  /** A `RelayedEvent` as JSON text. */
  readonly text: string;
}

const schema = {
  type: 'object',
  required: ['key', 'event'],
  properties: {
    key: { type: 'string', minLength: 1, maxLength: 1_024 },
    event: { ...eventEnvelope, required: ['type', 'eventId', 'payload', 'metadata', 'timestamp'] },
  },
};

const DEDUPE_MS = 60_000;
const BATCH = 128;

/** An event that any instance told within the time is not told again; when that cannot be found out, it is. */
const PUBLISH_ONCE = `
for i, key in ipairs(KEYS) do
  if redis.pcall('SET', key, '', 'NX', 'PX', ARGV[1]) then redis.call('PUBLISH', ARGV[2 * i], ARGV[2 * i + 1]) end
end
`;

/**
 * Opens the way of events between instances: over Redis, on `nexus:{service}:{action}`. Nothing waits for it; an event
 * that is lost on it is lost for those alone who listen at other instances.
 */
export function openBusRelay(
  messages: Pick<InstanceMessages, 'isConnected' | 'listen' | 'openPublisher'>,
  {
    receiver,
    selectPresence,
    onDropped,
  }: {
    readonly receiver: BusReceiver;
    readonly selectPresence: () => Pick<Presence, 'otherInstances' | 'isHeard' | 'announce'>;
    readonly onDropped: (type: string) => void;
  },
): BusRelay {
  messages.listen<RelayedEvent>({
    topic: 'events',
    channel: `${PREFIX}*`,
    schema,
    isWanted(channel) {
      const [, service = '', action = ''] = channel.split(':', 3);
      return receiver.isHeard(service, action);
    },
    onMessage: ({ event, key }) => receiver.receive(event, key),
  });
  const publisher = messages.openPublisher<Outgoing>({
    topic: 'events',
    limits: { batch: BATCH },
    measure: ({ text }) => text.length,
    send(client, batch, sign) {
      const keys = batch.map(({ key }) => `${PREFIX}seen:${createHash('sha256').update(key).digest('base64url')}`);
      const told = batch.flatMap(({ channel, text }) => [channel, sign([text])]);
      return client.eval(PUBLISH_ONCE, keys.length, ...keys, DEDUPE_MS, ...told);
    },
    onDropped: batch => batch.forEach(({ type }) => onDropped(type)),
  });
  return {
    get isAnybodyThere() {
      return messages.isConnected && selectPresence().otherInstances > 0;
    },
    isHeard: (service, action) => messages.isConnected && selectPresence().isHeard(service, action),
    announce: topics => selectPresence().announce(topics),
    send(event, key) {
      const { service, action } = selectEventName(event.type);
      const text = JSON.stringify({ key, event } satisfies RelayedEvent);
      publisher.publish(key, { channel: `${PREFIX}${service}:${action}`, type: event.type, key, text });
    },
  };
}
