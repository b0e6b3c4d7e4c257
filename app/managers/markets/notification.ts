import { type ErrorDetail } from '../../../lib/errors.ts';
import { type MarketNotifiedResult, type MarketNotifyDate } from '../../../schemas/market-notification.ts';
import { type MarketContent } from '../../../schemas/market.ts';
import { type Page } from '../../../schemas/paging.ts';
import { type ManagerContext } from '../../context.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { type PageQuery } from '../../datastore/markets.ts';
import { InvalidCampaignError, MarketNotFoundError } from '../../errors.ts';
import { throwIfNotSupreme } from '../../policy.ts';
import { selectCampaign } from '../campaigns/read.ts';
import { mapConcurrently } from '../concurrency.ts';
import { applyUpdate } from './change.ts';
import { withDerivedFields } from './content.ts';
import { formatMarket } from './format.ts';

type ReadContext = ManagerContext<'campaigns' | 'markets'>;
type WriteContext = ManagerContext<'campaigns' | 'markets' | 'users'>;

const HOUR_MS = 60 * 60 * 1000;
/** A presale is upcoming from 27 hours before it begins until 2 hours before. */
const UPCOMING_HOURS = { from: 2, to: 27 } as const;
/** How far the clock of a caller who says "now" may be behind. */
const CLOCK_SKEW_MS = 60_000;
/** How many markets are read or written at once. */
const CONCURRENCY = 20;

/**
 * Lists the markets whose presale is upcoming, of campaigns that are OPEN or CLOSED and remind their fans by
 * themselves; the earliest first. Only for supreme users.
 */
export async function findUpcoming(ctx: ReadContext, page: PageQuery): Promise<Page<MarketContent>> {
  throwIfNotSupreme(ctx.actor);
  const now = ctx.clock().getTime();
  const window = {
    start: new Date(now + UPCOMING_HOURS.from * HOUR_MS),
    end: new Date(now + UPCOMING_HOURS.to * HOUR_MS),
  };
  const named = await ctx.datastore.markets.findCampaignIdsByPresale(window);
  const campaigns = await mapConcurrently(named, CONCURRENCY, campaignId => selectCampaign(ctx, campaignId));
  const campaignIds = campaigns.flatMap(campaign => {
    const { _id, status, options } = campaign?.document ?? {};
    return _id !== undefined && options?.automatedReminders === true && (status === 'OPEN' || status === 'CLOSED')
      ? [_id]
      : [];
  });
  return format(await ctx.datastore.markets.findByPresale({ ...window, ...page, campaignIds }));
}

/** Lists the markets whose fans are to be reminded by now and have not been, the earliest first. Only for supreme users. */
export async function findNotifiable(ctx: ReadContext, page: PageQuery): Promise<Page<MarketContent>> {
  throwIfNotSupreme(ctx.actor);
  return format(await ctx.datastore.markets.findNotifiable({ ...page, until: ctx.clock() }));
}

/**
 * Sets when fans of markets are to be reminded: from now to the presale. A date that a market has already changes
 * nothing, so a repeat reminds nobody twice; another one makes the market due again. All are checked before any is
 * written. Only for supreme users. Throws `InvalidCampaignError`.
 */
export async function setNotifyDate(ctx: WriteContext, body: MarketNotifyDate): Promise<MarketContent[]> {
  throwIfNotSupreme(ctx.actor);
  const now = ctx.clock();
  const wanted = selectDates(body);
  const found = await ctx.datastore.markets.findByIds([...new Set(wanted.map(({ marketId }) => marketId))]);
  const byId = new Map(found.map(market => [market._id, market]));
  const dates = new Map<string, Date>();
  const details = wanted.flatMap(({ marketId, date, pointer }): ErrorDetail[] => {
    const isTwice = dates.has(marketId);
    dates.set(marketId, date);
    const message = isTwice ? 'is named twice' : selectDateFault(byId.get(marketId), date, now);
    return message === undefined ? [] : [{ path: pointer, message }];
  });
  if (details.length > 0) throw new InvalidCampaignError('Fans cannot be reminded of all these markets.', { details });
  const updated = await updateAll(ctx, found, current => {
    const date = dates.get(current._id);
    if (date === undefined || isNotifyDate(current, date)) return current;
    const fault = selectDateFault(current, date, now);
    if (fault !== undefined) throw new InvalidCampaignError(`The reminder of the market ${current._id} ${fault}.`);
    return withDerivedFields({ ...current, notification: { date, notified: false } });
  });
  return updated.map(formatMarket);
}

/**
 * Marks markets as notified; those that are already stay as they are, and ids of markets that are gone are named
 * rather than refused, so that a job can always finish. Only for supreme users.
 */
export async function markNotified(ctx: WriteContext, marketIds: readonly string[]): Promise<MarketNotifiedResult> {
  throwIfNotSupreme(ctx.actor);
  const found = await ctx.datastore.markets.findByIds(marketIds);
  const updated = await updateAll(ctx, found, current =>
    current.notification?.notified === true
      ? current
      : withDerivedFields({ ...current, notification: { ...current.notification, notified: true } }),
  );
  const notified = updated.map(market => market._id);
  return { notified, missing: marketIds.filter(marketId => !notified.includes(marketId)) };
}

interface WantedDate {
  readonly marketId: string;
  readonly date: Date;
  /** Where the body names it. */
  readonly pointer: string;
}

function selectDates(body: MarketNotifyDate): WantedDate[] {
  if (Array.isArray(body)) {
    return body.map(({ marketId, date }, at) => ({ marketId, date: new Date(date), pointer: `/${at}` }));
  }
  const date = new Date(body.date);
  return body.marketIds.map((marketId, at) => ({ marketId, date, pointer: `/marketIds/${at}` }));
}

function isNotifyDate({ notification }: MarketDocument, date: Date): boolean {
  return notification?.date?.getTime() === date.getTime();
}

function selectDateFault(market: MarketDocument | undefined, date: Date, now: Date): string | undefined {
  if (market === undefined) return 'does not exist';
  // A repeat may come when the date has passed.
  if (isNotifyDate(market, date)) return undefined;
  const presale = market.event?.presaleDateTime;
  if (presale === undefined) return 'has no presale';
  return date.getTime() < now.getTime() - CLOCK_SKEW_MS || date > presale
    ? 'must be from now to the presale'
    : undefined;
}

/** Updates markets of any campaigns; those that were deleted meanwhile are left out. */
async function updateAll(
  ctx: WriteContext,
  markets: readonly MarketDocument[],
  apply: (current: MarketDocument) => MarketDocument,
): Promise<MarketDocument[]> {
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const updated = await mapConcurrently(markets, CONCURRENCY, async ({ _id, campaignId }) => {
    const campaign = (await selectCampaign(ctx, campaignId))?.document ?? { _id: campaignId };
    try {
      return (await applyUpdate(ctx, _id, apply, { cause: 'market.notified', by, campaign })).after;
    } catch (error) {
      if (error instanceof MarketNotFoundError) return null;
      throw error;
    }
  });
  return updated.filter(market => market !== null);
}

function format(page: Page<MarketDocument>): Page<MarketContent> {
  return { ...page, rows: page.rows.map(formatMarket) };
}
