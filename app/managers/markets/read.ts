import { type MarketContent } from '../../../schemas/market.ts';
import { type Page } from '../../../schemas/paging.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type MarketListQuery } from '../../datastore/markets.ts';
import { CampaignNotFoundError, MarketNotFoundError } from '../../errors.ts';
import { type Action, authorize } from '../../policy.ts';
import { type ReadOptions, selectCampaign, selectReadable } from '../campaigns/read.ts';
import { createView, type DocumentView } from '../presentation.ts';
import { formatMarket } from './format.ts';
import { formatFeatureCollection, type MarketFeatureCollection } from './geojson.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'attempts'>;
/** The password of a protected campaign: what its markets tell is protected with it. */
type Access = Pick<ReadOptions, 'password'>;

/** Gives the campaign that an action is to be carried out on. Throws `UnauthorizedError` and `CampaignNotFoundError`. */
export async function selectAuthorized(
  ctx: ManagerContext<'campaigns'>,
  action: Action,
  campaignId: string,
): Promise<CampaignDocument> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, action, campaignId, campaign, () => new CampaignNotFoundError());
  return campaign.document;
}

/**
 * Reads a market of a campaign. Needs `read`. Throws `UnauthorizedError`, `CampaignNotFoundError`,
 * `InvalidCampaignPasswordError`, `MarketNotFoundError`.
 */
export async function findById(
  ctx: Context,
  campaignId: string,
  marketId: string,
  { password }: Access = {},
): Promise<DocumentView> {
  await selectReadable(ctx, campaignId, password);
  const market = await ctx.datastore.markets.findById(marketId);
  if (market?.campaignId !== campaignId) throw new MarketNotFoundError();
  return createView(formatMarket(market));
}

/**
 * Lists the markets of a campaign, a page at a time. Needs `read`. Throws `UnauthorizedError`, `CampaignNotFoundError`,
 * `InvalidCampaignPasswordError`.
 */
export async function list(
  ctx: Context,
  query: MarketListQuery,
  { password }: Access = {},
): Promise<Page<MarketContent>> {
  await selectReadable(ctx, query.campaignId, password);
  const page = await ctx.datastore.markets.list(query);
  return { ...page, rows: page.rows.map(formatMarket) };
}

/** Gives all markets of a campaign as GeoJSON, by name. Needs `read`. Throws as `list`. */
export async function findFeatures(
  ctx: Context,
  campaignId: string,
  { password }: Access = {},
): Promise<MarketFeatureCollection> {
  await selectReadable(ctx, campaignId, password);
  return formatFeatureCollection(await ctx.datastore.markets.findByCampaign(campaignId));
}
