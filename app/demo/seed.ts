import { randomUUID } from 'node:crypto';
import { type ManagerContext } from '../context.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { mapConcurrently } from '../managers/concurrency.ts';
import { contactManager } from '../managers/contacts.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { promoterManager } from '../managers/promoters.ts';
import { isDefaultCampaign } from '../default-campaign.ts';
import { type Actor } from '../policy.ts';
import { REFRESH_LEASE } from '../workers/refresh-schedule.ts';
import { createCampaignBody } from './campaigns/body.ts';
import { campaigns } from './campaigns/campaigns.ts';
import { type CampaignDefinition } from './campaigns/definition.ts';
import { selectCreation, selectSteps } from './campaigns/life.ts';
import { contacts } from './contacts.ts';
import { selectDemoId, selectDemoKey } from './ids.ts';
import { createMarkets } from './markets.ts';
import { promoters } from './promoters.ts';
import { saveReminders } from './reminders.ts';
import { saveShows } from './shows.ts';

/** How much was made. */
export interface SeedResult {
  readonly campaigns: number;
  readonly markets: number;
}

/** How many markets of a campaign are written at once. */
const CONCURRENCY = 20;
/** What the refresh holds while it runs: nobody moves campaigns on while they are being brought to their status. */
const LEASE_MS = 60_000;

const producer: Actor = { userId: 'demo-producer', supreme: true, campaigns: new Map(), issuedAt: 0 };
const editor: Actor = { ...producer, userId: 'demo-editor' };

/** Says whether there is no campaign yet, but for the default one that the service makes by itself. */
export async function isEmpty(ctx: ManagerContext<'campaigns'>): Promise<boolean> {
  const page = { sortBy: 'date.created', direction: 1, page: 0, pageSize: 1 } as const;
  const { rows, total } = await ctx.datastore.campaigns.list({ readable: 'all', ...page });
  return total === 0 || (total === 1 && rows.every(isDefaultCampaign));
}

/**
 * Writes the demo through the managers, so that it keeps every rule and has a history: campaigns of every status, their
 * markets, promoters, contacts, shows and reminders. Names and ids are always the same, dates are around now. What is
 * there of it already stays as it is. Throws the conflicts of names and domains with other data.
 */
export async function writeDemo(ctx: ManagerContext): Promise<SeedResult> {
  const { locks } = ctx.datastore;
  const now = ctx.clock();
  const lease = await locks.acquire(REFRESH_LEASE, randomUUID(), LEASE_MS);
  try {
    await Promise.all([
      ...Object.entries(promoters).map(([key, body]) =>
        promoterManager.create(as(ctx, producer, now), body, selectDemoKey('promoter', key)),
      ),
      ...Object.entries(contacts).map(([key, body]) =>
        contactManager.create(as(ctx, producer, now), body, selectDemoKey('contact', key)),
      ),
    ]);
    const markets = await Promise.all(campaigns.map(definition => writeCampaign(ctx, definition, now)));
    for (const definition of campaigns) await linkCampaign(as(ctx, editor, now), definition);
    await Promise.all([saveShows(as(ctx, editor, now)), saveReminders(now, at => as(ctx, editor, at))]);
    return { campaigns: campaigns.length, markets: markets.reduce((sum, count) => sum + count, 0) };
  } finally {
    if (lease !== null) await locks.release(lease);
  }
}

/** The context of somebody who acts at some time. */
function as(ctx: ManagerContext, actor: Actor, at: Date): ManagerContext {
  return { ...ctx, actor, clock: () => at };
}

/** Makes a campaign with its markets and brings it to its status, step by step. Gives how many markets it has. */
async function writeCampaign(ctx: ManagerContext, definition: CampaignDefinition, now: Date): Promise<number> {
  const creation = as(ctx, producer, selectCreation(definition, now));
  const body = createCampaignBody(definition, now);
  const { document } = await campaignManager.create(creation, body, selectDemoKey('campaign', definition.slug));
  // Markets neither come to an INACTIVE campaign nor leave it, so they come first.
  const markets = createMarkets(definition, now);
  await mapConcurrently(markets, CONCURRENCY, market =>
    marketManager.create(creation, document._id, market.body, selectDemoKey('market', market.key)),
  );
  // The history begins with DRAFT; a demo that was interrupted goes on from where it was.
  const taken = document.statusHistory.length - 1;
  for (const { status, at } of selectSteps(definition, now).slice(taken)) {
    // Nobody retires a campaign by hand.
    if (status === 'INACTIVE') await campaignManager.retire(as(ctx, editor, at), document._id);
    else await campaignManager.update(as(ctx, editor, at), document._id, { status });
  }
  return markets.length;
}

async function linkCampaign(ctx: ManagerContext, { slug, linkedTo }: CampaignDefinition): Promise<void> {
  if (linkedTo === undefined) return;
  const linkedCampaignIds = [selectDemoId('campaign', linkedTo)];
  await campaignManager.update(ctx, selectDemoId('campaign', slug), { linkedCampaignIds });
}
