import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Answer } from '../support/client.ts';
import { buildCampaign, buildMarket, CLOSE_DATE, createCampaign } from '../support/factories.ts';
import { describeStores } from '../support/stores.ts';

interface Refreshed {
  readonly opened: number;
  readonly closed: number;
  readonly failedCount: number;
}

describeStores('callers at once', target => {
  let test: TestApp;
  /** Another instance over the same database, where there can be one. */
  let other: TestApp;
  beforeAll(async () => {
    // Each instance reads what the other wrote at once.
    const variables = { CAMPAIGN_CACHE_TTL_MS: '0' };
    test = await startTestApp({ variables }, target);
    other = target.kind === 'mongodb' ? await startTestApp({ variables, over: test }) : test;
  });
  afterAll(async () => {
    if (other !== test) await other.stop();
    await test.stop();
  });

  const times = <T>(count: number, act: (at: number, client: TestApp['client']) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_none, at) => act(at, (at % 2 === 0 ? test : other).client)));
  const outcomes = (answers: readonly Answer<unknown>[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status, errorType } of answers) {
      const outcome = errorType ?? String(status);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  };
  const versionsOf = async (id: string): Promise<number[]> => {
    const { data } = await test.client.get<{ documentId: string; version: number }[]>(`/campaigns/${id}/history`, {
      query: { pageSize: 100 },
    });
    return data.filter(({ documentId }) => documentId === id).map(({ version }) => version);
  };

  it('fifty updates of different fields of one campaign: none is lost', async () => {
    const { _id } = await createCampaign(test.client);
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const answers = await times(50, (at, client) =>
      client.patch<Campaign>(`/campaigns/${_id}`, {
        content: { en: { faqs: { [ids[at] ?? '']: { question: `Question ${at}`, answer: 'Yes.' } } } },
      }),
    );
    expect(outcomes(answers)).toEqual({ 200: 50 });
    const { data } = await test.client.get<Campaign>(`/campaigns/${_id}`);
    expect(Object.keys(data.content?.['en']?.faqs ?? {}).sort()).toEqual(ids.sort());
    expect(data.version).toBe(51);
    const versions = answers.map(answer => answer.data.version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 50 }, (_none, at) => at + 2));
    expect(await versionsOf(_id)).toEqual(Array.from({ length: 51 }, (_none, at) => 51 - at));
  });

  it('twenty campaigns with one domain: exactly one is made', async () => {
    const domain = { site: `wanted-${randomUUID()}.example.com` };
    const answers = await times(20, (_at, client) => client.post('/campaigns', buildCampaign({ domain })));
    expect(outcomes(answers)).toEqual({ 201: 1, DOMAIN_NAME_CONFLICT: 19 });
  });

  it('twenty campaigns with one name: exactly one is made', async () => {
    const name = `Wanted ${randomUUID()}`;
    const answers = await times(20, (_at, client) => client.post('/campaigns', buildCampaign({ name })));
    expect(outcomes(answers)).toEqual({ 201: 1, CAMPAIGN_NAME_CONFLICT: 19 });
  });

  it('ten campaigns that move to one domain: exactly one gets it', async () => {
    const domain = { site: `moved-${randomUUID()}.example.com` };
    const campaigns = await times(10, (_at, client) => createCampaign(client));
    const answers = await times(10, (at, client) => client.patch(`/campaigns/${campaigns[at]?._id}`, { domain }));
    expect(outcomes(answers)).toEqual({ 200: 1, DOMAIN_NAME_CONFLICT: 9 });
  });

  it('ten markets with one show: exactly one is made', async () => {
    const { _id } = await createCampaign(test.client);
    const answers = await times(10, (_at, client) =>
      client.post(`/campaigns/${_id}/markets`, buildMarket({ event: { ids: ['wanted'] } })),
    );
    expect(outcomes(answers)).toEqual({ 201: 1, MARKET_EVENT_CONFLICT: 9 });
  });

  it('ten updates of the version that all of them saw: exactly one is applied', async () => {
    const { _id } = await createCampaign(test.client);
    const { etag } = await test.client.get(`/campaigns/${_id}`);
    const answers = await times(10, (at, client) =>
      client.patch<Campaign>(`/campaigns/${_id}`, { tour: { name: `Tour ${at}` } }, { headers: { 'if-match': etag } }),
    );
    expect(outcomes(answers)).toEqual({ 200: 1, VERSION_MISMATCH: 9 });
    const { data } = await test.client.get<Campaign>(`/campaigns/${_id}`);
    expect(data.version).toBe(2);
    expect(answers.find(({ status }) => status === 200)?.data.tour).toEqual(data.tour);
  });

  it('a status changed by ten hands changes once', async () => {
    const { _id } = await createCampaign(test.client);
    const answers = await times(10, (_at, client) => client.patch<Campaign>(`/campaigns/${_id}`, { status: 'OPEN' }));
    // Who comes late finds it OPEN already, which is no change.
    expect(outcomes(answers)).toEqual({ 200: 10 });
    const { data } = await test.client.get<Campaign>(`/campaigns/${_id}`);
    expect([data.version, data.statusHistory.length]).toEqual([2, 2]);
  });

  it('four refreshes: each campaign is moved once, by one of them', async () => {
    const campaigns = await times(15, (_at, client) => createCampaign(client));
    const expected = await test.client.get<Campaign[]>('/campaigns/list', { query: { status: 'DRAFT', pageSize: 1 } });
    test.setTime(CLOSE_DATE);
    const results = await times(4, async (_at, client) => (await client.post<Refreshed>('/campaigns/refresh')).data);
    const sum = (field: keyof Refreshed): number => results.reduce((total, result) => total + result[field], 0);
    expect([sum('opened'), sum('failedCount')]).toEqual([expected.meta.pagination?.total, 0]);
    for (const { _id } of campaigns) {
      expect(await versionsOf(_id)).toEqual([3, 2, 1]);
      const { data } = await test.client.get<Campaign>(`/campaigns/${_id}/history`);
      expect(data).toHaveLength(3);
    }
  });
});
