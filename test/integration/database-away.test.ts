import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildCampaign, createCampaign } from '../support/factories.ts';
import { describeStartedServer, type StoreOnStartedServer } from '../support/stores.ts';
import { until } from '../support/until.ts';

interface Readiness {
  readonly ready: boolean;
  readonly state: string;
  readonly dependencies: readonly { readonly name: string; readonly ok: boolean }[];
}

describeStartedServer('while the database is away', open => {
  let test: TestApp;
  let server: StoreOnStartedServer;
  let campaign: Campaign;
  beforeAll(async () => {
    server = await open();
    test = await startTestApp(
      {
        variables: {
          // Each read asks the database first.
          CAMPAIGN_CACHE_TTL_MS: '0',
          REQUEST_TIMEOUT_MS: '2000',
          MONGODB_SERVER_SELECTION_TIMEOUT_MS: '500',
          MONGODB_SOCKET_TIMEOUT_MS: '800',
          MONGODB_MAX_TIME_MS: '500',
        },
      },
      { name: 'the started server', kind: 'mongodb', open: async () => server, stop: async () => undefined },
    );
    campaign = await createCampaign(test.client);
  });
  afterAll(() => test.stop());

  const ready = () => test.client.get<Readiness>('/health/ready');
  const recovered = () => until(ready, ({ status }) => status === 200);
  /** Reads until the answer is no longer a remembered one: the first reader after an outage waits for nothing. */
  const readFresh = (path: string) =>
    until(
      () => test.client.get<Campaign>(path),
      ({ meta }) => meta.cache === undefined,
    );
  const create = (body: object, key: string) =>
    test.client.post<Campaign>('/campaigns', body, { headers: { 'idempotency-key': key } });

  describe.each([
    ['killed', () => server.kill(), () => server.restart()],
    ['paused', () => server.pause(), async () => server.resume()],
  ])('because it was %s', (how, takeAway, bringBack) => {
    it('the service lives, is not ready, shows what it remembers as stale, and recovers by itself', async () => {
      const path = `/campaigns/${campaign._id}`;
      await readFresh(path);
      await takeAway();

      const away = await ready();
      expect(away.status).toBe(503);
      expect(away.data).toMatchObject({ ready: false, state: 'ready', dependencies: [{ name: 'mongodb', ok: false }] });
      expect((await test.client.get('/health/live')).status).toBe(200);

      const stale = await test.client.get<Campaign>(path);
      expect([stale.data._id, stale.meta.cache]).toEqual([campaign._id, 'stale']);
      const list = await test.client.get('/campaigns/list');
      expect(list.error).toMatchObject({
        type: 'SERVICE_UNAVAILABLE',
        details: [{ path: 'mongodb', message: 'unavailable' }],
      });
      expect(Number(list.headers.get('retry-after'))).toBeGreaterThan(0);

      await bringBack();
      await recovered();
      expect((await test.client.patch(path, { tour: { name: how } })).status).toBe(200);
      expect((await readFresh(path)).data.tour).toEqual({ name: how });
    });

    it('a write is refused or undecided, and its repeat decides it: never lost, never done twice', async () => {
      const [body, key] = [buildCampaign(), `away-${how}`];
      await takeAway();
      const [made, changed] = await Promise.all([
        create(body, key),
        test.client.patch(`/campaigns/${campaign._id}`, { name: `${campaign.name} ${how}` }),
      ]);
      for (const { error } of [made, changed]) expect(['TIMEOUT', 'SERVICE_UNAVAILABLE']).toContain(error.type);
      await bringBack();
      await recovered();
      const repeated = await until(
        () => create(body, key),
        ({ status }) => status < 500,
      );
      expect(repeated.status).toBe(201);
      const found = await test.client.get<Campaign>('/campaigns', { query: { domain: body.domain?.site ?? '' } });
      expect([found.data._id, found.data.version]).toEqual([repeated.data._id, 1]);
    });
  });
});

describe('a request that takes too long', () => {
  it('is answered with 504 at its deadline, and does no harm to the next', async () => {
    const test = await startTestApp({
      variables: {
        REQUEST_TIMEOUT_MS: '600',
        MONGODB_SERVER_SELECTION_TIMEOUT_MS: '200',
        MONGODB_SOCKET_TIMEOUT_MS: '500',
        MONGODB_MAX_TIME_MS: '400',
      },
    });
    const promoters = test.app.datastores.promoters as { list: unknown };
    const { list } = promoters;
    promoters.list = () => new Promise(() => undefined);
    const answer = await test.client.get('/promoters');
    expect([answer.status, answer.error.type]).toEqual([504, 'TIMEOUT']);
    promoters.list = list;
    expect((await test.client.get('/promoters')).status).toBe(200);
    expect(await test.stop()).toBe(0);
  });
});
