import { type Page } from '../../../schemas/paging.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type CampaignListQuery, type PresaleCampaign, type TimeWindow } from '../../datastore/campaigns.ts';
import { MissingPresaleWindowDateError, InvalidPresaleWindowOrderError } from '../../errors.ts';
import { isAllowed, selectReadableCampaigns } from '../../policy.ts';
import { type FormattedCampaign, formatCampaign, formatProtected } from './format.ts';

/** A list takes no passwords: of a protected campaign it tells readers that there is one, and no more. */
function formatListed({ actor }: Pick<ManagerContext, 'actor'>, campaign: CampaignDocument): FormattedCampaign {
  const isOpen = campaign.password === undefined || isAllowed(actor, 'update', campaign._id);
  return isOpen ? formatCampaign(campaign) : formatProtected(campaign);
}

/** Lists the campaigns that the caller may read, a page at a time, in all locales. */
export async function list(
  ctx: ManagerContext<'campaigns'>,
  query: Omit<CampaignListQuery, 'readable'>,
): Promise<Page<FormattedCampaign>> {
  const page = await ctx.datastore.campaigns.list({ ...query, readable: selectReadableCampaigns(ctx.actor) });
  return { ...page, rows: page.rows.map(campaign => formatListed(ctx, campaign)) };
}

/** Gives the ids of the readable campaigns in any of the categories. */
export function findIds(ctx: ManagerContext<'campaigns'>, categoryIds: readonly string[]): Promise<string[]> {
  return ctx.datastore.campaigns.findIdsByCategory(categoryIds, selectReadableCampaigns(ctx.actor));
}

/** Reads the window of a presale query: both ends or neither. Throws the errors of presale windows. */
export function selectPresaleWindow(start: string | undefined, end: string | undefined): TimeWindow | undefined {
  if (start === undefined && end === undefined) return undefined;
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? 'presaleQueryStartDate' : 'presaleQueryEndDate';
    throw new MissingPresaleWindowDateError('A presale query needs both its dates, or neither.', {
      details: [{ path: missing, message: 'is missing' }],
    });
  }
  const window = { start: new Date(start), end: new Date(end) };
  if (window.start > window.end) throw new InvalidPresaleWindowOrderError();
  return window;
}

function sortedUnique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function findByWindow(ctx: ManagerContext<'campaigns'>, window: TimeWindow | undefined): Promise<PresaleCampaign[]> {
  return ctx.datastore.campaigns.findByPresaleWindow(window, selectReadableCampaigns(ctx.actor));
}

/** Gives the categories of the readable campaigns whose presale window meets the given one. */
export async function findCategoryIds(
  ctx: ManagerContext<'campaigns'>,
  window: TimeWindow | undefined,
): Promise<string[]> {
  const campaigns = await findByWindow(ctx, window);
  return sortedUnique(campaigns.flatMap(({ categoryId }) => (categoryId === undefined ? [] : [categoryId])));
}

/** Gives the event ids, own and of the markets, of the readable campaigns whose presale window meets the given one. */
export async function findEventIds(
  ctx: ManagerContext<'campaigns' | 'markets'>,
  window: TimeWindow | undefined,
): Promise<string[]> {
  const campaigns = await findByWindow(ctx, window);
  const ofMarkets = await ctx.datastore.markets.findEventIds(campaigns.map(campaign => campaign._id));
  return sortedUnique([...campaigns.flatMap(({ eventIds = [] }) => eventIds), ...ofMarkets]);
}

/** Gives the readable campaigns for a ticketing event that are past PREVIEW and have a presale window. */
export async function findByEvent(
  ctx: ManagerContext<'campaigns' | 'markets'>,
  eventId: string,
): Promise<FormattedCampaign[]> {
  const named = await ctx.datastore.markets.findCampaignIdsByEvent(eventId);
  const campaigns = await ctx.datastore.campaigns.findByEvent(eventId, named, selectReadableCampaigns(ctx.actor));
  return campaigns.map(campaign => formatListed(ctx, campaign));
}
