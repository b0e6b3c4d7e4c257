import { LRUCache } from 'lru-cache';
import { UnauthorizedError, ValidationError } from '../../lib/errors.ts';
import { isId } from '../../lib/ids.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { CampaignNotFoundError } from '../errors.ts';
import { type Actor } from '../policy.ts';

/** What campaigns are called on the channel: by their id, by their identifier, and the default one by 0. */
export interface CampaignIds {
  /**
   * Gives the id. Whether there is a campaign of an id is not asked. Throws `ValidationError`; for an identifier that
   * nothing has `CampaignNotFoundError`, or `UnauthorizedError` to those who may not learn which there are.
   */
  resolve(reference: unknown, actor: Actor): Promise<string>;
}

const REMEMBERED_MS = 5_000;

/** Finds campaigns by what they are called. `defaultIdentifier` is the identifier of the default campaign. */
export function createCampaignIds({
  campaigns,
  defaultIdentifier,
}: {
  readonly campaigns: Pick<Datastores['campaigns'], 'findIdByIdentifier'>;
  readonly defaultIdentifier: string;
}): CampaignIds {
  const known = new LRUCache<string, string>({ max: 1_000, ttl: REMEMBERED_MS });
  return {
    async resolve(reference, actor) {
      const isDefault = reference === 0 || reference === '0';
      const name = isDefault ? defaultIdentifier : reference;
      if (typeof name !== 'string' || name === '') {
        throw new ValidationError([{ path: '/campaignId', message: 'must be the id or the identifier of a campaign' }]);
      }
      if (isId(name)) return name;
      const campaignId = known.get(name) ?? (await campaigns.findIdByIdentifier(name));
      if (campaignId === null) throw actor.supreme ? new CampaignNotFoundError() : new UnauthorizedError();
      known.set(name, campaignId);
      return campaignId;
    },
  };
}
