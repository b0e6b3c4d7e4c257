import { type Outbox } from '../../datastore/changes.ts';
import { type InstanceMessages } from '../redis/instance-messages.ts';

/** The channel on which instances tell each other what they wrote. */
export const INVALIDATION_CHANNEL = 'campaign-service:invalidations';

/** What is cached of a collection is older than this version. */
export interface Invalidation {
  readonly collection: 'campaigns' | 'promoters';
  readonly documentId: string;
  readonly version: number;
}

/** Tells other instances of a write, as soon as it can and at most once. Never waits, never throws. */
export type PublishInvalidation = (invalidation: Invalidation) => void;

const schema = {
  type: 'object',
  required: ['collection', 'documentId', 'version'],
  properties: {
    collection: { type: 'string', enum: ['campaigns', 'promoters'] },
    documentId: { type: 'string', pattern: '^[0-9a-f]{24}$' },
    version: { type: 'integer', minimum: 1 },
  },
};

/**
 * Opens the channel between instances. What a message says that was lost is found out when an entry's time is over.
 *
 * @param onInvalidation told of the writes of other instances, never of one's own
 */
export function openInvalidations(
  messages: Pick<InstanceMessages, 'openTopic'>,
  onInvalidation: (invalidation: Invalidation) => void,
): PublishInvalidation {
  const topic = messages.openTopic<Invalidation>({
    topic: 'invalidations',
    channel: INVALIDATION_CHANNEL,
    schema,
    onMessage: onInvalidation,
  });
  return invalidation => {
    const { collection, documentId, version } = invalidation;
    topic.publish(`${collection} ${documentId} ${version}`, invalidation);
  };
}

/** Gives an outbox that also has each write of what is cached told, right after the write and whoever wrote. */
export function withInvalidations(outbox: Outbox, announce: PublishInvalidation): Outbox {
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
