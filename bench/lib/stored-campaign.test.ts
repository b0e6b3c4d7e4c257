import { describe, expect, it } from '@jest/globals';
import { toWire } from '../../app/managers/campaigns/content.ts';
import { throwIfInvalidCampaign } from '../../app/managers/campaigns/rules.ts';
import { readOnlyFields, selectFaults, selectSchema } from '../../app/managers/campaigns/validation.ts';
import { selectWritable } from '../../app/managers/patching.ts';
import { campaignsPerArtist, countArtists, storedCampaign } from './stored-campaign.ts';

const population = { campaigns: 200, due: 30 };
const campaigns = Array.from({ length: population.campaigns }, (_, at) => storedCampaign(at + 1, population));

describe('the campaigns of a benchmark', () => {
  it('are what the service itself would let pass', () => {
    for (const campaign of campaigns) {
      const { status: _status, ...shown } = toWire(campaign);
      const { writable } = selectWritable(shown, shown, readOnlyFields);
      expect(selectFaults(selectSchema(campaign, 'OPEN'), writable)).toEqual([]);
      expect(() => throwIfInvalidCampaign(campaign)).not.toThrow();
    }
  });

  it('give each artist a full page', () => {
    const counts = new Map<string | undefined, number>();
    for (const { artist } of campaigns) counts.set(artist?.id, (counts.get(artist?.id) ?? 0) + 1);
    expect([...counts.values()]).toEqual(Array.from({ length: countArtists(population) }, () => campaignsPerArtist));
  });

  it('are half open, and of the others as many are due as was asked for', () => {
    const closed = campaigns.filter(({ status }) => status === 'PREVIEW');
    const due = closed.filter(({ date }) => date.open !== undefined && date.open < new Date('2026-06-01'));
    expect([closed.length, due.length]).toEqual([100, population.due]);
  });
});
