import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { type Wire } from '../../schemas/common.ts';
import { promoter } from '../../schemas/promoter.ts';
import { type Cache, type CachePolicy } from './cache/cache.ts';

/** A promoter as the API shows it. */
export type ShownPromoter = Wire<typeof promoter>;

/** The promoters by id, as they are shown. */
export interface PromoterCache {
  /** Gives a promoter, from the cache or by `load`; null when there is none. Throws what `load` throws. */
  read(promoterId: string, load: () => Promise<ShownPromoter | null>): Promise<ShownPromoter | null>;
  /** Puts what was just written. */
  put(shown: ShownPromoter): void;
  /** Puts that it was just deleted, by a change that made this version. */
  remove(promoterId: string, version: number): void;
}

/** The key of a promoter in the cache. */
export const selectPromoterKey = (promoterId: string): string => `promoter:${promoterId}`;

/** How long another instance's change can be missed when the message of it was lost. */
const LOCAL_TTL_MS = 5_000;
const NEGATIVE_TTL_MS = 5_000;

/** Makes the cache of promoters. */
export function createPromoterCache(cache: Cache, { ttlSeconds }: { readonly ttlSeconds: number }): PromoterCache {
  const validator: Validator<ShownPromoter> = createValidator(promoter);
  const isValid = (value: unknown): boolean => validator.selectFaults(value).length === 0;
  const policy: CachePolicy = {
    ttlMs: ttlSeconds * 1000,
    staleMs: 0,
    negativeTtlMs: NEGATIVE_TTL_MS,
    localTtlMs: LOCAL_TTL_MS,
  };
  return {
    async read(promoterId, load) {
      const { value } = await cache.read(selectPromoterKey(promoterId), policy, {
        isValid,
        load: async () => {
          const shown = await load();
          return { value: shown, version: shown?.version ?? 0 };
        },
      });
      return value;
    },
    put: shown => cache.put(selectPromoterKey(shown._id), shown, shown.version, policy),
    remove: (promoterId, version) => cache.put(selectPromoterKey(promoterId), null, version, policy),
  };
}
