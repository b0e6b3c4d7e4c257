import { type ManagerContext } from '../../context.ts';
import { patchDocument, toWire } from '../patching.ts';
import { createView, type DocumentView } from '../presentation.ts';
import { applyUpdate } from './change.ts';
import { finishMarket } from './content.ts';
import { formatMarket } from './format.ts';
import { selectAuthorized } from './read.ts';
import { throwIfInvalidReferences, throwIfUnknownToDiscovery } from './references.ts';
import { throwIfInactive } from './rules.ts';
import { marketPatchRules } from './validation.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'promoters' | 'users'>;

/**
 * Updates a market by a JSON merge patch (RFC 7396) of what the API shows of it. Needs `update`. Without an expected
 * version it is applied to the current one, again after each concurrent write.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `MarketNotFoundError`, `VersionMismatchError`,
 * `ValidationError`, `InvalidCampaignError`, and the conflicts of name and event.
 */
export async function update(
  ctx: Context,
  campaignId: string,
  marketId: string,
  patch: Readonly<Record<string, unknown>>,
  { expectedVersion }: { readonly expectedVersion?: number | readonly number[] | undefined } = {},
): Promise<DocumentView> {
  const campaign = await selectAuthorized(ctx, 'update', campaignId);
  throwIfInactive(campaign);
  await throwIfInvalidReferences(ctx, new Map([['', patch]]));
  await throwIfUnknownToDiscovery(ctx, patch, () => ctx.datastore.markets.findById(marketId));
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const at = ctx.clock();
  const { after } = await applyUpdate(
    ctx,
    marketId,
    current => {
      const next = patchDocument(current, toWire(formatMarket(current)), patch, marketPatchRules);
      return next === current ? current : finishMarket(current, next, campaign, at);
    },
    { cause: 'market.updated', by, campaign, expectedVersion },
  );
  return createView(formatMarket(after));
}
