import { describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError } from '../../../lib/errors.ts';
import { type EffectName } from '../../datastore/changes.ts';
import { createCensus } from './census.ts';

const summary = { pending: 1, due: 1, dead: 0, oldestAt: new Date(0) };

describe('the census of deliveries', () => {
  it('counts each effect, and not at each scrape', async () => {
    const counted: EffectName[] = [];
    const census = createCensus({
      effects: ['kinesisCampaign', 'fastlyPurge'],
      deliveries: { summarize: async effect => (counted.push(effect), summary) },
      clock: () => new Date(),
      log: { warn: () => undefined },
    });
    const [first] = await Promise.all([census.read(), census.read()]);
    expect([...first]).toEqual([
      ['kinesisCampaign', summary],
      ['fastlyPurge', summary],
    ]);
    await census.read();
    expect(counted).toEqual(['kinesisCampaign', 'fastlyPurge']);
  });

  it('answers while the database is away', async () => {
    const warned: string[] = [];
    const census = createCensus({
      effects: ['fastlyPurge'],
      deliveries: { summarize: () => Promise.reject(new ServiceUnavailableError('the database')) },
      clock: () => new Date(),
      log: { warn: message => void warned.push(message) },
    });
    expect([...(await census.read())]).toEqual([]);
    expect(warned).toEqual(['deliveries.notCounted']);
  });
});
