import { describe, expect, it } from '@jest/globals';
import { type EffectName } from '../datastore/changes.ts';
import { selectEffects, selectOldDomain, type EffectCampaign, type EffectMarket } from './effects.ts';

const day = (number: number): Date => new Date(Date.UTC(2026, 4, number));
const campaign: EffectCampaign = {
  domain: { site: 'tour.example' },
  date: { open: day(1), close: day(9), presaleWindowStart: day(10), presaleWindowEnd: day(12) },
  linkedCampaignIds: ['a'.repeat(24)],
};
const market: EffectMarket = { event: { presaleDateTime: day(10) } };
const laterMarket: EffectMarket = { event: { presaleDateTime: day(11) } };
const bareMarket: EffectMarket = { event: {} };

const stream: EffectName[] = ['kinesisCampaign', 'sqsDataPipeline'];
const campaignEffects: EffectName[] = [...stream, 'fastlyPurge', 'stateBroadcast'];

describe('the effects of a change of a campaign', () => {
  it('are, when it is created, the stream, the purge and the broadcast', () => {
    const effects = selectEffects({ cause: 'campaign.created', before: null, after: campaign });
    expect(effects).toEqual(['kinesisCampaign', 'fastlyPurge', 'stateBroadcast']);
  });

  it.each(['campaign.updated', 'campaign.faqs', 'campaign.terms', 'campaign.contacts', 'campaign.status'] as const)(
    'are, after %s, the stream, the pipeline, the purge and the broadcast',
    cause => {
      // The same instants in other objects: the schedule has not changed.
      const after = { ...campaign, date: { ...campaign.date, open: day(1) } };
      expect(selectEffects({ cause, before: campaign, after })).toEqual(campaignEffects);
    },
  );

  it.each(['open', 'close', 'presaleWindowStart', 'presaleWindowEnd'] as const)(
    'reach linked campaigns when %s changed, came or went',
    field => {
      const { [field]: _, ...date } = campaign.date ?? {};
      const changed = { ...campaign, date: { ...date, [field]: day(20) } };
      const without = { ...campaign, date };
      for (const [before, after] of [
        [campaign, changed],
        [without, campaign],
        [campaign, without],
      ] as const) {
        const effects = selectEffects({ cause: 'campaign.updated', before, after });
        expect(effects).toEqual([...campaignEffects, 'linkedCampaigns']);
      }
    },
  );

  it('reach no linked campaigns when there are none, or when the schedule came from one', () => {
    const after = { ...campaign, date: { ...campaign.date, open: day(2) } };
    const alone = { ...after, linkedCampaignIds: [] };
    const { linkedCampaignIds: _, ...never } = after;
    expect(selectEffects({ cause: 'campaign.updated', before: campaign, after: alone })).toEqual(campaignEffects);
    expect(selectEffects({ cause: 'campaign.updated', before: campaign, after: never })).toEqual(campaignEffects);
    expect(selectEffects({ cause: 'campaign.linked', before: campaign, after })).toEqual(campaignEffects);
  });
});

describe('the effects of a change of a market', () => {
  const always: EffectName[] = ['kinesisCampaign', 'sqsDataPipeline', 'stateBroadcast'];
  const refreshing: EffectName[] = ['kinesisCampaign', 'sqsDataPipeline', 'sqsRefreshSelections', 'stateBroadcast'];

  it.each([
    ['market.created', null, market, refreshing],
    ['market.created', null, bareMarket, always],
    ['market.updated', market, laterMarket, refreshing],
    ['market.updated', market, bareMarket, refreshing],
    ['market.updated', bareMarket, market, refreshing],
    ['market.updated', market, { event: { presaleDateTime: day(10) } }, always],
    ['market.deleted', market, null, refreshing],
    ['market.deleted', bareMarket, null, always],
    ['market.notified', market, market, always],
    ['market.selection', market, market, always],
  ] as const)(
    'refresh selections after %s when the presale time came, changed or went (%j → %j)',
    (cause, before, after, effects) => {
      expect(selectEffects({ cause, before, after, campaign })).toEqual(effects);
    },
  );

  it.each([
    ['market.created', null, bareMarket],
    ['market.updated', market, market],
    ['market.deleted', bareMarket, null],
  ] as const)('reach the attendance stream after %s when the campaign takes attendance', (cause, before, after) => {
    const select = (attendance: boolean) =>
      selectEffects({ cause, before, after, campaign: { options: { attendance } } });
    expect(select(true)).toEqual(['kinesisCampaign', 'sqsDataPipeline', 'kinesisAttendance', 'stateBroadcast']);
    expect(select(false)).toEqual(always);
  });
});

describe('the effects of other changes', () => {
  it.each(['event.updated', 'promoter.created', 'contact.deleted', 'erasure'] as const)('are none after %s', cause => {
    expect(selectEffects({ cause })).toEqual([]);
  });
});

describe('the old domain', () => {
  it('is the one that a change took away', () => {
    expect(selectOldDomain(campaign, { domain: { site: 'other.example' } })).toBe('tour.example');
    expect(selectOldDomain(campaign, {})).toBe('tour.example');
  });

  it('is none when the domain stayed, or when there was none', () => {
    expect(selectOldDomain(campaign, { ...campaign })).toBeUndefined();
    expect(selectOldDomain({}, campaign)).toBeUndefined();
    expect(selectOldDomain(null, campaign)).toBeUndefined();
  });
});
