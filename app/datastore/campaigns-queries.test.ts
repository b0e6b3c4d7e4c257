import { describe, expect, it } from '@jest/globals';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { createId } from '../../lib/ids.ts';
import { type CampaignDocument } from './campaign-document.ts';
import { type CampaignsDatastore, type DueCampaign } from './campaigns.ts';

const day = (at: number): Date => new Date(Date.UTC(2026, 0, at));

const update = (campaigns: CampaignsDatastore, id: string, change: (current: CampaignDocument) => CampaignDocument) =>
  campaigns.update(id, change, {
    describeChange: () => ({ cause: 'campaign.updated', effects: [], by: 'test', correlation: 'test' }),
  });

describe('the campaigns of categories, presale windows and events', () => {
  const suite = useManagerWorld();
  const ids = (found: readonly Pick<CampaignDocument, '_id'>[]): string[] => found.map(({ _id }) => _id).sort();

  it('are found by category, sorted by id, among what is readable', async () => {
    const [a, b, c] = [
      await suite.insert({ categoryId: 'rock' }),
      await suite.insert({ categoryId: 'pop' }),
      await suite.insert({ categoryId: 'rock' }),
    ];
    await suite.insert();
    const { campaigns } = suite;
    await expect(campaigns.findIdsByCategory(['rock'], 'all')).resolves.toEqual([a._id, c._id].sort());
    await expect(campaigns.findIdsByCategory(['rock', 'pop', 'jazz'], 'all')).resolves.toHaveLength(3);
    await expect(campaigns.findIdsByCategory(['rock', 'pop'], [b._id])).resolves.toEqual([b._id]);
    await expect(campaigns.findIdsByCategory([], 'all')).resolves.toEqual([]);
    await expect(campaigns.findIdsByCategory(['rock'], [])).resolves.toEqual([]);
  });

  it('are found by presale windows that meet a given one, its ends included', async () => {
    const window = (start: number, end: number) => ({
      date: { created: day(1), updated: day(1), presaleWindowStart: day(start), presaleWindowEnd: day(end) },
    });
    const campaign = await suite.insert(window(10, 20));
    await suite.insert();
    const isMet = async (start: number, end: number): Promise<boolean> =>
      (await suite.campaigns.findByPresaleWindow({ start: day(start), end: day(end) }, 'all')).length > 0;
    await expect(isMet(12, 15)).resolves.toBe(true);
    await expect(isMet(1, 30)).resolves.toBe(true);
    await expect(isMet(1, 10)).resolves.toBe(true);
    await expect(isMet(20, 30)).resolves.toBe(true);
    await expect(isMet(1, 9)).resolves.toBe(false);
    await expect(isMet(21, 30)).resolves.toBe(false);
    expect(ids(await suite.campaigns.findByPresaleWindow(undefined, 'all'))).toEqual([campaign._id]);
    await expect(suite.campaigns.findByPresaleWindow(undefined, [createId()])).resolves.toEqual([]);
  });

  it('are found by event, their own or a market’s, once each, when they are past PREVIEW and have a window', async () => {
    const date = { created: day(1), updated: day(1), presaleWindowStart: day(5), presaleWindowEnd: day(6) };
    const own = await suite.insert({ eventIds: ['E1', 'E2'], date });
    const named = await suite.insert({ date, status: 'CLOSED' });
    const both = await suite.insert({ eventIds: ['E1'], date, status: 'INACTIVE' });
    const without = await suite.insert({ eventIds: ['E1'] });
    const draft = await suite.insert({ eventIds: ['E1'], date, status: 'DRAFT' });
    const preview = await suite.insert({ date, status: 'PREVIEW' });
    const other = await suite.insert({ eventIds: ['E3'], date });
    const byMarket = [named, both, without, draft, preview].map(({ _id }) => _id);
    const found = await suite.campaigns.findByEvent('E1', byMarket, 'all');
    expect(found.map(({ _id }) => _id)).toEqual([own, named, both].map(({ _id }) => _id).sort());
    expect(ids(await suite.campaigns.findByEvent('E1', byMarket, [own._id, named._id, other._id]))).toEqual(
      [own._id, named._id].sort(),
    );
    await expect(suite.campaigns.findByEvent('E1', byMarket, [])).resolves.toEqual([]);
    await expect(suite.campaigns.findByEvent('E9', [], 'all')).resolves.toEqual([]);
  });
});

describe('the campaigns that are due', () => {
  // Many share a date: a batch may end in the midst of them.
  const dates = [1, 1, 1, 1, 1, 2, 3, 3, 3, 4, 4, 9, 10];
  const suite = useManagerWorld(async world => {
    for (const at of dates) {
      await world.insertCampaign({ status: 'DRAFT', date: { created: day(1), updated: day(1), open: day(at) } });
      await world.insertCampaign({
        status: 'OPEN',
        date: { created: day(1), updated: day(1), open: day(at), close: day(at) },
      });
    }
    await world.insertCampaign({ status: 'DRAFT' });
  });

  const due = (until: number, limit: number, after?: DueCampaign): Promise<DueCampaign[]> =>
    suite.campaigns.findDue({ status: 'DRAFT', dateField: 'date.open', until: day(until), after, limit });

  it('are those of the status whose date has come, the earliest first, the instant itself included', async () => {
    const found = await due(9, 100);
    expect(found.map(({ date }) => date)).toEqual(dates.filter(at => at <= 9).map(day));
    await expect(due(0, 100)).resolves.toEqual([]);
  });

  it('are met once each, batch by batch, however large a batch is', async () => {
    const all = await due(9, 100);
    for (const limit of [1, 2, 3, 4, 5, 11, 12]) {
      const met: DueCampaign[] = [];
      for (let after: DueCampaign | undefined; ;) {
        const batch = await due(9, limit, after);
        expect(batch.length).toBeLessThanOrEqual(limit);
        met.push(...batch);
        after = batch.at(-1);
        if (after === undefined || batch.length < limit) break;
      }
      expect(met).toEqual(all);
    }
  });

  it('go on behind the last one although it is gone', async () => {
    const all = await due(9, 100);
    const [, second] = all;
    if (second === undefined) throw new Error('Nothing is due.');
    await update(suite.campaigns, second.campaignId, current => ({ ...current, status: 'OPEN' }));
    await expect(due(9, 100, second)).resolves.toEqual(all.slice(2));
  });
});
