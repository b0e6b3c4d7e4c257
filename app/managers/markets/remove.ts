import { type ManagerContext } from '../../context.ts';
import { MarketNotFoundError } from '../../errors.ts';
import { describeMarketChange } from './change.ts';
import { selectAuthorized } from './read.ts';
import { throwIfInactive } from './rules.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'users'>;

/**
 * Deletes a market. Needs `update`. Throws `UnauthorizedError`, `CampaignNotFoundError`, `MarketNotFoundError`,
 * `InvalidCampaignError` (the campaign is INACTIVE), `VersionMismatchError`.
 */
export async function remove(
  ctx: Context,
  campaignId: string,
  marketId: string,
  { expectedVersion }: { readonly expectedVersion?: number | readonly number[] | undefined } = {},
): Promise<void> {
  const campaign = await selectAuthorized(ctx, 'update', campaignId);
  throwIfInactive(campaign);
  // A market never moves to another campaign, so what is read here still holds when it is deleted.
  const market = await ctx.datastore.markets.findById(marketId);
  if (market?.campaignId !== campaignId) throw new MarketNotFoundError();
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const outcome = await ctx.datastore.markets.remove(marketId, {
    signal: ctx.signal,
    ...(expectedVersion !== undefined && { expectedVersion }),
    describeChange: before =>
      describeMarketChange(ctx, { cause: 'market.deleted', before, after: null, campaignId, campaign, by }),
  });
  if (outcome === null) throw new MarketNotFoundError();
}
