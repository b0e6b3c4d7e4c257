import { type EventStatus } from '../../schemas/event.ts';
import { type ManagerContext } from '../context.ts';
import { eventManager } from '../managers/events.ts';
import { campaigns } from './campaigns/campaigns.ts';
import { createMarkets } from './markets.ts';

const HOUR_MS = 60 * 60 * 1000;
const SHOW_MS = 3 * HOUR_MS;

/** How the shows of campaigns whose sale has begun stand, and those of them that differ. */
const sales: Readonly<
  Record<string, { readonly status: EventStatus; readonly except: Readonly<Record<string, EventStatus>> }>
> = {
  'atlas-and-ivy-glasshouse': { status: 'onsale', except: { Dallas: 'rescheduled' } },
  'quiet-engines-signal-fires': { status: 'offsale', except: { Phoenix: 'cancelled', Portland: 'postponed' } },
};

/** Saves how shows stand, for the campaigns whose sale has begun. */
export async function saveShows(ctx: ManagerContext): Promise<void> {
  const shows = campaigns.flatMap(definition => {
    const sale = sales[definition.slug];
    if (sale === undefined) return [];
    return createMarkets(definition, ctx.clock()).flatMap(({ body: { name, event } }) => {
      const end =
        event?.date === undefined ? undefined : new Date(new Date(event.date).getTime() + SHOW_MS).toISOString();
      const patch = { status: sale.except[name] ?? sale.status, ...(end !== undefined && { date: { end } }) };
      return (event?.ids ?? []).map(id => ({ id, patch }));
    });
  });
  await Promise.all(shows.map(({ id, patch }) => eventManager.save(ctx, id, patch)));
}
