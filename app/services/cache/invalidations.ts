import { randomUUID } from 'node:crypto';
import { type Log } from '../../../lib/log.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type Outbox } from '../../datastore/changes.ts';
import { createRedisConnection, type RedisConnection } from './redis-connection.ts';

/** The channel on which instances tell each other what they wrote. */
export const INVALIDATION_CHANNEL = 'campaign-service:invalidations';

/** What is cached of a collection is older than this version. */
export interface Invalidation {
  readonly collection: 'campaigns' | 'promoters';
  readonly documentId: string;
  readonly version: number;
}

/** Tells other instances of writes, and hears of theirs. Without Redis it does nothing. */
export interface Invalidations {
  /** Tells the others, as soon as it can and at most once. Never waits, never throws. */
  publish(invalidation: Invalidation): void;
  open(): void;
  close(): Promise<void>;
}

interface Message extends Invalidation {
  /** Which instance sent it. */
  readonly from: string;
}

const validator: Validator<Message> = createValidator({
  type: 'object',
  required: ['from', 'collection', 'documentId', 'version'],
  properties: {
    from: { type: 'string' },
    collection: { type: 'string', enum: ['campaigns', 'promoters'] },
    documentId: { type: 'string', pattern: '^[0-9a-f]{24}$' },
    version: { type: 'integer', minimum: 1 },
  },
});

/**
 * Makes the channel between instances. What a message says that was lost is found out when an entry's time is over.
 *
 * @param publisher the primary
 * @param onInvalidation told of the writes of other instances, never of one's own
 */
export function createInvalidations({
  url,
  publisher,
  commandTimeoutMs,
  onInvalidation,
  Log,
}: {
  readonly url: string;
  readonly publisher: RedisConnection;
  readonly commandTimeoutMs: number;
  readonly onInvalidation: (invalidation: Invalidation) => void;
  readonly Log: Log;
}): Invalidations {
  const from = randomUUID();
  const log = Log('app/services/cache/invalidations');
  const subscriber = createRedisConnection({
    role: 'subscriber',
    url,
    commandTimeoutMs,
    log,
    onAnswering: client =>
      void client
        .subscribe(INVALIDATION_CHANNEL)
        .catch((error: unknown) => log.warn('invalidations.notSubscribed', { error })),
  });
  subscriber.client.on('message', (_channel, text) => {
    const message = parse(text);
    if (message === null) return log.warn('invalidations.unreadable');
    if (message.from !== from) onInvalidation(message);
  });
  return {
    publish(invalidation) {
      const text = JSON.stringify({ from, ...invalidation } satisfies Message);
      publisher.run(client => client.publish(INVALIDATION_CHANNEL, text)).catch(() => undefined);
    },
    open: () => subscriber.open(),
    close: () => subscriber.close(),
  };
}

function parse(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return validator.selectFaults(message).length === 0 ? (message as Message) : null;
  } catch {
    return null;
  }
}

/** Gives an outbox that also has each write of what is cached told, right after the write and whoever wrote. */
export function withInvalidations(outbox: Outbox, announce: (invalidation: Invalidation) => void): Outbox {
  return {
    ensureRecorded: source => outbox.ensureRecorded(source),
    enqueue(source) {
      const { collection, documentId, change } = source;
      if (collection === 'campaigns' || collection === 'promoters') {
        announce({ collection, documentId, version: change.version });
      }
      outbox.enqueue(source);
    },
  };
}
