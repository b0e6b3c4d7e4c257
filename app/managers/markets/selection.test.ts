import { describe, expect, it } from '@jest/globals';
import { createId } from '../../../lib/ids.ts';
import { supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { systemActor } from '../../system-actor.ts';
import { applyUpdate } from '../campaigns/update.ts';
import { refreshSelection, refreshSelections, selectSelection } from './selection.ts';
import { marketManager } from './manager.ts';

const at = new Date('2026-03-01T12:00:00.000Z');
const earlier = new Date('2026-02-01T12:00:00.000Z');
const event = { presaleDateTime: new Date('2026-04-01T12:00:00.000Z') };

describe('the selection of a market', () => {
  const asked = { status: 'pending', requestedAt: earlier } as const;
  const made = { status: 'ready', requestedAt: earlier, refreshedAt: earlier, count: 7 } as const;
  it.each<[string, Partial<MarketDocument>, CampaignStatus, ('onsale' | 'cancelled')[], MarketDocument['selection']]>([
    ['none without a presale', { event: {}, selection: made }, 'CLOSED', [], { status: 'none' }],
    ['none without a show', { selection: asked }, 'OPEN', [], { status: 'none' }],
    ['pending while the campaign is open', { event, selection: asked }, 'OPEN', [], asked],
    [
      'pending again when the campaign has not closed',
      { event, selection: made },
      'OPEN',
      [],
      { ...made, status: 'pending' },
    ],
    [
      'ready once the campaign is closed',
      { event, selection: asked },
      'CLOSED',
      ['onsale'],
      { ...asked, status: 'ready', refreshedAt: at },
    ],
    ['as it was made', { event, selection: made }, 'CLOSED', [], made],
    [
      'made anew when it was asked for since',
      { event, selection: { ...made, requestedAt: at } },
      'CLOSED',
      [],
      { ...made, requestedAt: at, refreshedAt: at },
    ],
    ['failed in a campaign that is over', { event, selection: asked }, 'INACTIVE', [], { ...asked, status: 'failed' }],
    [
      'failed when every show is cancelled',
      { event, selection: asked },
      'OPEN',
      ['cancelled', 'cancelled'],
      { ...asked, status: 'failed' },
    ],
    ['pending when one show is left', { event, selection: asked }, 'OPEN', ['cancelled', 'onsale'], asked],
  ])('is %s', (_title, market, status, shows, expected) => {
    const { event: ofMarket, selection = asked } = market;
    const subject = { selection, ...(ofMarket && { event: ofMarket }) };
    expect(
      selectSelection(
        subject,
        { status },
        shows.map(one => ({ status: one })),
        at,
      ),
    ).toEqual(expected);
  });
});

describe('a refresh of selections', () => {
  const suite = useManagerWorld();
  const system = () => suite.world.createContext(systemActor);
  const insertMarket = async (content: Record<string, unknown> = {}) => {
    const { _id: campaignId } = await suite.insert({ status: 'OPEN' });
    const presaleDateTime = '2026-04-01T12:00:00.000Z';
    const ctx = suite.world.createContext(supreme);
    const { _id: marketId } = await marketManager.create(ctx, campaignId, {
      name: createId(),
      event: { presaleDateTime },
      ...content,
    });
    return { campaignId, marketId };
  };
  const close = (campaignId: string) =>
    applyUpdate(system(), campaignId, current => ({ ...current, status: 'CLOSED' }), { by: 'system' });
  const read = async (marketId: string) => suite.world.datastores.markets.findById(marketId);

  it('makes the selection of a campaign that has closed, by way of refreshing, once', async () => {
    const { campaignId, marketId } = await insertMarket();
    await expect(refreshSelection(system(), marketId)).resolves.toBe(true);
    await expect(read(marketId)).resolves.toMatchObject({ version: 1, selection: { status: 'pending' } });
    await close(campaignId);
    for (let run = 0; run < 2; run += 1) await refreshSelection(system(), marketId);
    const market = await read(marketId);
    expect(market).toMatchObject({ version: 3, selection: { status: 'ready', refreshedAt: at, requestedAt: at } });
    const history = (await suite.world.findChanges(marketId)).map(({ cause, by, diff }) => ({
      cause,
      by,
      after: diff.after['selection'],
    }));
    expect(history.slice(0, 2)).toMatchObject([
      { cause: 'market.selection', by: 'system', after: { status: 'ready' } },
      { cause: 'market.selection', by: 'system', after: { status: 'refreshing' } },
    ]);
    // A selection asks for none: it would go round in circles.
    const [last] = await suite.world.findChanges(marketId);
    expect(last?.pending.map(({ effect }) => effect)).not.toContain('sqsRefreshSelections');
  });

  it('says when there is no such market', async () => {
    await expect(refreshSelection(system(), createId())).resolves.toBe(false);
  });

  it('looks at every market that waits, also those that a crash left being made, and lets none stop the others', async () => {
    const markets = [await insertMarket(), await insertMarket(), await insertMarket()];
    for (const { campaignId } of markets.slice(0, 2)) await close(campaignId);
    const [left, failing, waiting] = markets.map(({ marketId }) => marketId);
    const { markets: datastore } = suite.world.datastores;
    await datastore.update(
      left ?? '',
      current => ({ ...current, selection: { ...current.selection, status: 'refreshing' } }),
      {
        describeChange: () => ({ cause: 'market.selection', effects: [], by: 'system', correlation: 'test' }),
      },
    );
    const ctx = system();
    const findById: typeof datastore.findById = async id => {
      if (id === failing) throw new Error('away');
      return datastore.findById(id);
    };
    const warnings: string[] = [];
    const count = await refreshSelections({
      ...ctx,
      log: { ...ctx.log, warn: message => void warnings.push(message) },
      datastore: { ...ctx.datastore, markets: { ...datastore, findById } },
    });
    expect(count).toBeGreaterThanOrEqual(3);
    expect(warnings).toEqual(['selection.notRefreshed']);
    const statuses = await Promise.all(
      [left, failing, waiting].map(async id => (await read(id ?? ''))?.selection.status),
    );
    expect(statuses).toEqual(['ready', 'pending', 'pending']);
  });

  it('finds all of them, however many a page holds', async () => {
    const { campaignId } = await insertMarket();
    const ctx = suite.world.createContext(supreme);
    for (let made = 0; made < 60; made += 1) {
      await marketManager.create(ctx, campaignId, {
        name: `Market ${made}`,
        event: { presaleDateTime: event.presaleDateTime.toISOString() },
      });
    }
    await close(campaignId);
    await refreshSelections(system());
    const { rows } = await suite.world.datastores.markets.list({
      campaignId,
      sortBy: 'name',
      direction: 1,
      page: 0,
      pageSize: 100,
    });
    expect(rows.map(market => market.selection.status)).toEqual(Array.from({ length: 61 }, () => 'ready'));
  });
});
