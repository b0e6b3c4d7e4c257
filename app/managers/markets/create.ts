import { createId } from '../../../lib/ids.ts';
import { type ManagerContext } from '../../context.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { createOnce, type IdempotencyKey, type IdempotencyRecord } from '../idempotency.ts';
import { createView, type DocumentView } from '../presentation.ts';
import { describeMarketChange } from './change.ts';
import { createContent } from './content.ts';
import { formatMarket } from './format.ts';
import { selectAuthorized } from './read.ts';
import { throwIfInvalidReferences, throwIfUnknownToDiscovery } from './references.ts';
import { throwIfInactive } from './rules.ts';
import { reviveMarket, throwIfInvalidSchema } from './validation.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'promoters' | 'users' | 'changes'>;

/**
 * Adds a market to a campaign. Needs `update`. With an idempotency key a repeat gives the market again.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `ValidationError`, `InvalidCampaignError`,
 * `IdempotencyKeyReusedError`, and the conflicts of name and event.
 */
export async function create(
  ctx: Context,
  campaignId: string,
  body: unknown,
  key?: IdempotencyKey,
): Promise<DocumentView> {
  const campaign = await selectAuthorized(ctx, 'update', campaignId);
  throwIfInvalidSchema(body);
  const by = await ctx.datastore.users.selectReference(ctx.actor);

  // The rules are part of the insert: what has been made once is given again, whatever became of the campaign since.
  const insert = async (id = createId(), idempotency?: IdempotencyRecord): Promise<MarketDocument> => {
    throwIfInactive(campaign);
    await throwIfInvalidReferences(ctx, new Map([['', body]]));
    await throwIfUnknownToDiscovery(ctx, body);
    const content = createContent(reviveMarket(body), campaign, { id, campaignId, at: ctx.clock() });
    return ctx.datastore.markets.insert(
      { ...content, ...(idempotency && { idempotency }) },
      {
        signal: ctx.signal,
        describeChange: after =>
          describeMarketChange(ctx, {
            cause: 'market.created',
            before: null,
            after,
            campaignId,
            campaign,
            by,
            idempotencyKey: key?.key,
          }),
      },
    );
  };
  const market = await createOnce(ctx, { key, find: id => ctx.datastore.markets.findById(id), insert });
  return createView(formatMarket(market));
}
