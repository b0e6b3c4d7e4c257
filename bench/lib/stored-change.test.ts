import { describe, expect, it } from '@jest/globals';
import { storedCampaign } from './stored-campaign.ts';
import { storedChange } from './stored-change.ts';

const population = { campaigns: 4, due: 0, backlog: 10 };
const changes = Array.from({ length: population.backlog }, (_, at) =>
  storedChange(at + 1, population, ['fastlyPurge']),
);

describe('the backlog of a benchmark', () => {
  it('gives each campaign its changes in turn, up to the version that it has', () => {
    for (let number = 1; number <= population.campaigns; number += 1) {
      const campaign = storedCampaign(number, population);
      const versions = changes
        .filter(({ documentId }) => documentId === campaign._id)
        .map(({ change }) => change.version);
      const first = storedCampaign(number, { ...population, backlog: 0 }).version + 1;
      expect(versions).toEqual(Array.from({ length: campaign.version - first + 1 }, (_, at) => first + at));
      expect(versions.length).toBeGreaterThan(1);
    }
  });

  it('consists of different changes, each later than the one before', () => {
    expect(new Set(changes.map(({ change }) => change.id)).size).toBe(changes.length);
    const times = changes.map(({ change }) => change.at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Object.keys(changes[0]?.change.diff.after ?? {})).toContain('tour');
  });
});
