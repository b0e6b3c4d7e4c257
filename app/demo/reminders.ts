import { type ManagerContext } from '../context.ts';
import { mapConcurrently } from '../managers/concurrency.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { campaigns } from './campaigns/campaigns.ts';
import { selectDemoId } from './ids.ts';
import { createMarkets } from './markets.ts';

const HOUR_MS = 60 * 60 * 1000;
/** How long before a presale fans are reminded, and how long before that it is decided. */
const REMINDED_MS = HOUR_MS;
const DECIDED_MS = 2 * HOUR_MS;
const CONCURRENCY = 20;

/**
 * Sets when fans are reminded of the presales of campaigns that are closed, and marks those that have been.
 *
 * @param createContextAt makes the context of somebody who acts at some time
 */
export async function saveReminders(now: Date, createContextAt: (at: Date) => ManagerContext): Promise<void> {
  const ctx = createContextAt(now);
  const marketIds = campaigns
    .filter(({ status, type }) => status === 'CLOSED' && type === 'registration')
    .flatMap(definition => createMarkets(definition, now).map(({ key }) => selectDemoId('market', key)));
  const markets = await ctx.datastore.markets.findByIds(marketIds);
  const due: string[] = [];
  await mapConcurrently(markets, CONCURRENCY, async ({ _id: marketId, event, notification }) => {
    if (event?.presaleDateTime === undefined || notification !== undefined) return;
    const date = new Date(event.presaleDateTime.getTime() - REMINDED_MS);
    const isPast = date <= now;
    if (isPast) due.push(marketId);
    // A reminder can only be set for what is still to come.
    const decidedAt = isPast ? new Date(date.getTime() - DECIDED_MS) : now;
    await marketManager.setNotifyDate(createContextAt(decidedAt), [{ marketId, date: date.toISOString() }]);
  });
  await marketManager.markNotified(ctx, due);
}
