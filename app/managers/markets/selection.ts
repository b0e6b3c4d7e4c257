import { type MarketContent } from '../../../schemas/market.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { isEqual } from '../../datastore/diff.ts';
import { type EventDocument } from '../../datastore/event-document.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { SYSTEM } from '../../system-actor.ts';
import { applyUpdate } from './change.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'events'>;
type Selection = MarketContent['selection'];

/** How many markets a run looks at at once. */
const BATCH_SIZE = 50;

/**
 * Says where the selection of a market stands:
 * - `none` without a presale time: there is nothing to select for;
 * - `failed` when the campaign is INACTIVE, or every show is cancelled: nobody will be selected any more;
 * - `pending` until the campaign is CLOSED: fans still register;
 * - `ready` from then on, once it was made after it was last asked for.
 */
export function selectSelection(
  { event, selection }: Pick<MarketDocument, 'event' | 'selection'>,
  { status }: Pick<CampaignDocument, 'status'>,
  shows: readonly Pick<EventDocument, 'status'>[],
  at: Date,
): Selection {
  if (event?.presaleDateTime === undefined) return { status: 'none' };
  const isCancelled = shows.length > 0 && shows.every(show => show.status === 'cancelled');
  if (status === 'INACTIVE' || isCancelled) return { ...selection, status: 'failed' };
  if (status !== 'CLOSED') return { ...selection, status: 'pending' };
  return isMade(selection) ? { ...selection, status: 'ready' } : { ...selection, status: 'ready', refreshedAt: at };
}

/** Whether the selection was made after it was last asked for. */
function isMade({ requestedAt, refreshedAt }: Selection): boolean {
  return refreshedAt !== undefined && (requestedAt === undefined || refreshedAt >= requestedAt);
}

/**
 * Brings a market's selection to where it stands by now. Repeats do no harm: what is right already is not written.
 * Says false when there is no such market.
 * Throws what the database throws.
 */
export async function refreshSelection(ctx: Context, marketId: string): Promise<boolean> {
  const market = await ctx.datastore.markets.findById(marketId);
  const campaign = market && (await ctx.datastore.campaigns.findById(market.campaignId));
  if (market === null || campaign === null) return false;
  const at = ctx.clock();
  const write = async (select: (current: MarketDocument) => Selection): Promise<void> => {
    await applyUpdate(
      ctx,
      marketId,
      current => {
        const selection = select(current);
        return isEqual(selection, current.selection) ? current : { ...current, selection };
      },
      { cause: 'market.selection', by: SYSTEM, campaign },
    );
  };
  const shows = await ctx.datastore.events.findByIds(market.event?.ids ?? []);
  const next = selectSelection(market, campaign, shows, at);
  // Who watches sees that it is being made; a crash in between leaves it to the next run.
  if (next.status === 'ready' && !isMade(market.selection)) {
    await write(current => ({ ...current.selection, status: 'refreshing' }));
  }
  // Decided anew on what is there then: the presale may have moved meanwhile.
  await write(current => selectSelection(current, campaign, shows, at));
  return true;
}

/** Selections that somebody waits for; one that is being made was left behind by whoever made it. */
const awaited = ['refreshing', 'pending'] as const;

/**
 * Brings every selection that is waited for to where it stands by now: campaigns have closed since it was asked for.
 * Gives how many were looked at. One that fails is logged and stops no other.
 */
export async function refreshSelections(ctx: Context): Promise<number> {
  let count = 0;
  for (const status of awaited) {
    for (let after: string | undefined; !ctx.signal.aborted;) {
      const ids = await ctx.datastore.markets.findIdsBySelection({ status, after, limit: BATCH_SIZE });
      await Promise.all(ids.map(id => refreshSafely(ctx, id)));
      count += ids.length;
      after = ids.at(-1);
      if (ids.length < BATCH_SIZE) break;
    }
  }
  return count;
}

async function refreshSafely(ctx: Context, marketId: string): Promise<void> {
  try {
    await refreshSelection(ctx, marketId);
  } catch (error) {
    ctx.log.warn('selection.notRefreshed', { marketId, error });
  }
}
