import { describe, expect, it } from '@jest/globals';
import { deriveFields } from '../../datastore/market-derived.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { createContent, finishMarket, withDerivedFields } from './content.ts';
import { type MarketCampaign } from './rules.ts';

const at = new Date('2026-03-01T12:00:00.000Z');
const later = new Date('2026-03-02T12:00:00.000Z');
const presale = new Date('2026-04-01T12:00:00.000Z');
const campaignId = 'c'.repeat(24);
const campaign: MarketCampaign = { status: 'OPEN', date: { created: at, updated: at } };

const create = (event: { ids?: string[]; presaleDateTime?: Date } = {}): MarketDocument => ({
  ...createContent({ name: ' Oslo ', event }, campaign, { id: 'a'.repeat(24), campaignId, at }),
  version: 1,
});

describe('the content of a market', () => {
  it('begins with a selection that is asked for when there is a presale', () => {
    expect(create().selection).toEqual({ status: 'none' });
    expect(create({ presaleDateTime: presale }).selection).toEqual({ status: 'pending', requestedAt: at });
  });

  it('asks for a new selection when the presale moves, and keeps what is known of the last', () => {
    const ready: MarketDocument = {
      ...create({ presaleDateTime: presale }),
      selection: { status: 'ready', requestedAt: at, refreshedAt: at, count: 7 },
    };
    const moved = { ...ready, event: { presaleDateTime: new Date(presale.getTime() + 1) } };
    expect(finishMarket(ready, moved, campaign, later).selection).toEqual({
      status: 'pending',
      requestedAt: later,
      refreshedAt: at,
      count: 7,
    });
    const renamed = { ...ready, name: 'Bergen', event: { ...ready.event } };
    expect(finishMarket(ready, renamed, campaign, later).selection).toBe(ready.selection);
  });

  it('drops a reminder that would come after the presale, unless it has been sent', () => {
    const date = new Date(presale.getTime() - 1000);
    const reminded = (notified: boolean): MarketDocument =>
      withDerivedFields({ ...create({ presaleDateTime: presale }), notification: { date, notified } });
    const early = { event: { presaleDateTime: new Date(date.getTime() - 1000) } };
    const due = reminded(false);
    const dropped = finishMarket(due, { ...due, ...early }, campaign, later);
    expect(dropped).not.toHaveProperty('notification');
    expect(dropped).not.toHaveProperty('notifyAt');
    const sent = reminded(true);
    expect(finishMarket(sent, { ...sent, ...early }, campaign, later).notification).toEqual({ date, notified: true });
  });

  it('holds only new dates against those of the campaign', () => {
    const market = create({ presaleDateTime: presale });
    const moved: MarketCampaign = {
      status: 'OPEN',
      date: { ...campaign.date, open: new Date('2027-01-01T00:00:00Z') },
    };
    expect(() => finishMarket(market, { ...market, name: 'Bergen' }, moved, later)).not.toThrow();
    expect(() => finishMarket(market, { ...market, event: { presaleDateTime: later } }, moved, later)).toThrow();
  });

  it('derives what the unique indexes hold, and leaves out what does not apply', () => {
    expect(deriveFields(create({ ids: ['E1', 'E2'] }))).toEqual({
      nameKey: `${campaignId}:oslo`,
      eventKeys: [`${campaignId}:E1`, `${campaignId}:E2`],
    });
    expect(deriveFields(create({ ids: [] }))).toEqual({ nameKey: `${campaignId}:oslo` });
    const market = create({ ids: ['E1'] });
    expect(withDerivedFields({ ...market, event: {} })).not.toHaveProperty('eventKeys');
    expect(deriveFields({ ...market, notification: { date: at, notified: false } }).notifyAt).toBe(at);
    expect(deriveFields({ ...market, notification: { date: at, notified: true } })).not.toHaveProperty('notifyAt');
  });
});
