import { createId } from '../../../lib/ids.ts';
import { type ManagerContext } from '../../context.ts';
import { SYSTEM } from '../../system-actor.ts';
import { mapConcurrently } from '../../managers/concurrency.ts';
import { createLoadCampaign } from './document.ts';

/** How many inserts are under way at once: enough for the store to write many with one flush. */
const CONCURRENCY = 200;

export interface SeedLoadOptions {
  /** How many campaigns to make. */
  readonly campaigns: number;
  /** Told how many are made, now and then. */
  readonly onProgress?: (made: number) => void;
}

/**
 * Inserts generated campaigns for tests under load, straight into the datastore: statuses and dates are spread, and a
 * fifth is due for the next refresh. Their numbers follow the campaigns that there are, so that more can be added.
 * No effects follow: what is generated is to be there as if it had been for long.
 */
export async function seedLoad(
  ctx: ManagerContext<'campaigns'>,
  { campaigns, onProgress }: SeedLoadOptions,
): Promise<{ readonly campaigns: number }> {
  const now = ctx.clock();
  const page = { sortBy: 'date.created', direction: 1, page: 0, pageSize: 1 } as const;
  const { total } = await ctx.datastore.campaigns.list({ readable: 'all', ...page });
  const numbers = Array.from({ length: campaigns }, (_, at) => total + at);
  await mapConcurrently(numbers, CONCURRENCY, async (number, at) => {
    const _id = createId();
    await ctx.datastore.campaigns.insert(createLoadCampaign(number, { id: _id, now }), {
      signal: ctx.signal,
      describeChange: () => ({
        cause: 'campaign.created',
        effects: [],
        by: SYSTEM,
        correlation: ctx.correlation,
        campaignId: _id,
      }),
    });
    if ((at + 1) % 10_000 === 0) onProgress?.(at + 1);
  });
  return { campaigns };
}
