import { type Config } from '../../config/schema.ts';
import { type Cache, createCache } from './cache/cache.ts';
import { type Invalidation, openInvalidations } from './cache/invalidations.ts';
import { type CountRead, createSharedTier } from './cache/shared-tier.ts';
import { type CampaignCache, createCampaignCache } from './campaign-cache.ts';
import { selectPromoterKey } from './promoter-cache.ts';
import { type InstanceMessages } from './redis/instance-messages.ts';
import { type RedisServers } from './redis/servers.ts';

/** All that an instance remembers, and what keeps it from remembering too long. */
export interface Caching {
  readonly campaignCache: CampaignCache;
  readonly cache: Cache;
  /** Forgets what was written here, and has other instances forget it. Never waits. */
  announce(invalidation: Invalidation): void;
}

export interface CachingDependencies {
  /** Null without Redis. */
  readonly servers: RedisServers | null;
  readonly messages: Pick<InstanceMessages, 'openTopic'>;
  readonly count: CountRead;
}

/** Makes the caches of a configuration, with Redis where there is one. */
export function createCaching(
  { cache: campaigns, sourceCache }: Config,
  { servers, messages, count }: CachingDependencies,
): Caching {
  const shared = servers && createSharedTier(servers, { count });
  servers?.primary.onChange(isAnswering => {
    if (isAnswering) shared?.catchUp();
  });
  const campaignCache = createCampaignCache(campaigns);
  const cache = createCache({ maxBytes: sourceCache.maxBytes, shared, count });

  const invalidate = ({ collection, documentId, version }: Invalidation): void => {
    if (collection === 'campaigns') campaignCache.invalidate(documentId, version);
    else cache.invalidate(selectPromoterKey(documentId), version);
  };
  const publish = openInvalidations(messages, invalidate);
  return {
    campaignCache,
    cache,
    announce(invalidation) {
      invalidate(invalidation);
      publish(invalidation);
    },
  };
}
