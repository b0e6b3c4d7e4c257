import { type Config } from '../../config/schema.ts';
import { type Log } from '../../lib/log.ts';
import { type Cache, createCache } from './cache/cache.ts';
import { createInvalidations, type Invalidation } from './cache/invalidations.ts';
import { createRedisServers } from './cache/redis.ts';
import { type CountRead, createSharedTier, type SharedTier } from './cache/shared-tier.ts';
import { type CampaignCache, createCampaignCache } from './campaign-cache.ts';
import { selectPromoterKey } from './promoter-cache.ts';

/** All that an instance remembers, and what keeps it from remembering too long. */
export interface Caching {
  readonly campaignCache: CampaignCache;
  readonly cache: Cache;
  /** Forgets what was written here, and has other instances forget it. Never waits. */
  announce(invalidation: Invalidation): void;
  /** What rejects while a Redis does not answer, by name; empty without Redis. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  /** Begins to connect to Redis; nothing waits for it. */
  open(): void;
  close(): Promise<void>;
}

/** Makes the caches of a configuration, with Redis where there is one. */
export function createCaching(
  { cache: campaigns, sourceCache, redis }: Config,
  { Log, count }: { readonly Log: Log; readonly count: CountRead },
): Caching {
  const tier: { shared: SharedTier | null } = { shared: null };
  const servers = createRedisServers(redis, { Log, onAnswering: () => tier.shared?.catchUp() });
  if (servers !== null) tier.shared = createSharedTier(servers, { count });
  const campaignCache = createCampaignCache(campaigns);
  const cache = createCache({ maxBytes: sourceCache.maxBytes, shared: tier.shared, count });

  const invalidate = ({ collection, documentId, version }: Invalidation): void => {
    if (collection === 'campaigns') campaignCache.invalidate(documentId, version);
    else cache.invalidate(selectPromoterKey(documentId), version);
  };
  const invalidations =
    servers === null
      ? null
      : createInvalidations({
          url: redis.url ?? '',
          publisher: servers.primary,
          commandTimeoutMs: redis.commandTimeoutMs,
          onInvalidation: invalidate,
          Log,
        });
  return {
    campaignCache,
    cache,
    announce(invalidation) {
      invalidate(invalidation);
      invalidations?.publish(invalidation);
    },
    checks: servers?.checks ?? {},
    open() {
      servers?.open();
      invalidations?.open();
    },
    close: async () => void (await Promise.all([servers?.close(), invalidations?.close()])),
  };
}
