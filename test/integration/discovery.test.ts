import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startStandIns } from '../../app/development.ts';
import { writeDemo } from '../../app/demo/seed.ts';
import { type DiscoveryStandIn, startDiscoveryStandIn } from '../../app/demo/discovery/server.ts';
import { marketManager } from '../../app/managers/markets/manager.ts';
import { type Artist, type DiscoveryEvent, type Venue } from '../../schemas/discovery.ts';
import { type Market } from '../../schemas/market.ts';
import { type TestApp, startTestApp } from '../support/app.ts';
import { buildMarket, createCampaign } from '../support/factories.ts';
import { type HttpStub, startHttpStub } from '../support/http-stub.ts';
import { loadTestConfig } from '../support/test-config.ts';
import { createUserToken } from '../support/tokens.ts';

describe('without a Discovery API', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  it.each(['/artists', '/artists/abc', '/venues', '/venues/abc', '/discovery/events', '/discovery/events/abc'])(
    '%s says which setting is missing',
    async path => {
      const { status, error } = await test.client.get(path);
      expect([status, error.type]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect(error.message).toContain('DISCOVERY_API_KEY');
    },
  );

  it('lets markets name what they like', async () => {
    const { _id } = await createCampaign(test.client);
    expect((await test.client.post(`/campaigns/${_id}/markets`, buildMarket())).status).toBe(201);
  });
});

describe('with the stand-in of development', () => {
  let standIn: DiscoveryStandIn;
  let test: TestApp;
  beforeAll(async () => {
    standIn = await startDiscoveryStandIn();
    test = await startTestApp({
      variables: { DISCOVERY_URL: standIn.url, DISCOVERY_API_KEY: 'stand-in', DISCOVERY_TIMEOUT_MS: '30000' },
    });
  });
  afterAll(async () => {
    await test.stop();
    await standIn.stop();
  });

  it('artists, venues and shows are found by their words, a page at a time, by anybody with a token', async () => {
    const client = test.client.as(createUserToken());
    const artists = await client.get<Artist[]>('/artists', { query: { q: 'paper lant' } });
    expect(artists.data.map(({ name }) => name)).toEqual(['The Paper Lanterns', 'Paper Lanterns']);
    expect(artists.meta).toMatchObject({ cache: 'miss', pagination: { page: 0, pageSize: 10, total: 2 } });
    expect((await client.get('/artists', { query: { q: 'paper lant' } })).meta).toMatchObject({ cache: 'hit' });
    const all = await client.get<Artist[]>('/artists', { query: { page: 3, pageSize: 50 } });
    expect(all.data).toHaveLength(50);
    expect(all.meta.pagination?.total).toBeGreaterThan(200);
    const [venue] = (await client.get<Venue[]>('/venues', { query: { q: 'montreal' } })).data;
    expect(venue).toMatchObject({ name: 'Salle des Érables', city: 'Montréal', country: 'CA' });
    expect((await client.get<Venue>(`/venues/${venue?.id}`)).data).toEqual(venue);
    const [show] = (await client.get<DiscoveryEvent[]>('/discovery/events', { query: { q: 'lanterns halifax' } })).data;
    expect(show).toMatchObject({
      name: 'The Paper Lanterns: Northern Lights',
      artists: [artists.data[0]].map(one => ({ id: one?.id, name: one?.name })),
    });
    expect((await client.get<DiscoveryEvent>(`/discovery/events/${show?.id}`)).data).toEqual(show);
    expect((await client.get<Artist>(`/artists/${artists.data[0]?.id}`)).data).toEqual(artists.data[0]);
  });

  it('is the same each time', async () => {
    const again = await startDiscoveryStandIn();
    const read = async (url: string): Promise<unknown> =>
      (await fetch(`${url}/attractions.json?size=200&apikey=x`)).json();
    expect(await read(again.url)).toEqual(await read(standIn.url));
    await again.stop();
  });

  it('refuses, as the API does, who has no key and pages that are too deep', async () => {
    expect((await fetch(`${standIn.url}/venues.json`)).status).toBe(401);
    expect((await fetch(`${standIn.url}/venues.json?apikey=x&size=200&page=5`)).status).toBe(400);
  });

  it.each([
    ['/artists/nobody', 'ARTIST_NOT_FOUND'],
    ['/venues/nowhere', 'VENUE_NOT_FOUND'],
    ['/discovery/events/never', 'EVENT_NOT_FOUND'],
    ['/artists/..%2Fvenues', 'ARTIST_NOT_FOUND'],
  ])('%s is not found', async (path, type) => {
    const { status, error } = await test.client.get(path);
    expect([status, error.type]).toEqual([404, type]);
  });

  it('shows the first thousand results and no more', async () => {
    const { status, error } = await test.client.get('/artists', { query: { page: 10, pageSize: 100 } });
    expect([status, error.details?.[0]?.path]).toEqual([400, 'page']);
  });

  it('knows every venue and show of the demo', async () => {
    expect(await writeDemo(test.app.contexts.forSystem('demo'))).toEqual({ campaigns: 12, markets: 60 });
    const asked = (await test.app.metrics.scrape()).text;
    expect(asked).toMatch(
      /service_operation_duration_seconds_count\{operation="service.discovery.findEvent",outcome="success"\} [1-9]\d/,
    );
  });

  it('is asked for what a market is to name, and not for what it names already', async () => {
    const [show] = (await test.client.get<DiscoveryEvent[]>('/discovery/events', { query: { q: 'comet' } })).data;
    const { _id } = await createCampaign(test.client);
    const markets = `/campaigns/${_id}/markets`;
    const refused = await test.client.post(
      markets,
      buildMarket({ event: { ids: [show?.id ?? '', 'never'], venue: { id: 'nowhere' } } }),
    );
    expect(refused.error).toMatchObject({
      type: 'INVALID_CAMPAIGN',
      details: [
        { path: '/event/ids/1', message: 'does not exist' },
        { path: '/event/venue/id', message: 'does not exist' },
      ],
    });
    const event = { ids: [show?.id ?? ''], venue: { id: show?.venue?.id ?? '' } };
    const { data } = await test.client.post<Market>(markets, buildMarket({ event }));
    const path = `${markets}/${data._id}`;
    expect((await test.client.patch(path, { event: { venue: { id: 'nowhere' } } })).errorType).toBe('INVALID_CAMPAIGN');
    expect((await test.client.patch(path, { event: { ids: ['never'] } })).errorType).toBe('INVALID_CAMPAIGN');
    expect((await test.client.patch(path, { ...data, city: 'Ottawa' })).status).toBe(200);
  });

  it('is not asked again for a show that has gone since the market named it', async () => {
    const { _id } = await createCampaign(test.client);
    const ctx = test.app.contexts.forSystem('test');
    const unchecked = { ...ctx, service: { ...ctx.service, discoveryValidation: 'off' } } as const;
    const made = await marketManager.create(
      unchecked,
      _id,
      buildMarket({ event: { ids: ['gone'], venue: { id: 'gone' } } }),
    );
    const path = `/campaigns/${_id}/markets/${made._id}`;
    const { data } = await test.client.get<Market>(path);
    expect((await test.client.patch(path, { ...data, city: 'Ottawa' })).status).toBe(200);
    const refused = await test.client.patch(path, { event: { ids: ['gone', 'never'] } });
    expect(refused.error.details?.map(({ path: pointer }) => pointer)).toEqual(['/event/ids/1']);
  });
});

describe('while the Discovery API is away', () => {
  let stub: HttpStub;
  const tests: TestApp[] = [];
  const start = async (validate: string): Promise<TestApp> => {
    const test = await startTestApp({
      variables: {
        DISCOVERY_URL: stub.url,
        DISCOVERY_API_KEY: 'x',
        DISCOVERY_ATTEMPTS: '1',
        DISCOVERY_VALIDATE: validate,
      },
    });
    tests.push(test);
    return test;
  };
  beforeAll(async () => {
    stub = await startHttpStub(() => ({ status: 500 }));
  });
  afterEach(() => stub.forget());
  afterAll(async () => {
    for (const test of tests) await test.stop();
    await stub.stop();
  });

  it('its routes say so, and when to come back', async () => {
    const test = await start('enforce');
    stub.failNext({ status: 429, headers: { 'retry-after': '30' } });
    const { status, headers, error } = await test.client.get('/artists');
    expect([status, error.details?.[0]?.path, headers.get('retry-after')]).toEqual([503, 'discovery', '30']);
  });

  it('a market waits where its shows must exist, is made where that is only warned of, and is not looked at where it is off', async () => {
    for (const [validate, expected] of [
      ['enforce', 503],
      ['warn', 201],
      ['off', 201],
    ] as const) {
      stub.forget();
      const test = await start(validate);
      const { _id } = await createCampaign(test.client);
      const { status } = await test.client.post(`/campaigns/${_id}/markets`, buildMarket());
      const warnings = test.logs.filter(({ message }) => message === 'market.notInDiscovery');
      expect([validate, status, warnings.length, stub.requests.length > 0]).toEqual([
        validate,
        expected,
        validate === 'warn' ? 1 : 0,
        validate !== 'off',
      ]);
    }
  });
});

describe('the stand-ins of an engineer', () => {
  it('are started where there is no key', async () => {
    const without = loadTestConfig({ DISCOVERY_STUB: 'true' });
    const config = await startStandIns(without);
    expect(config.discovery.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/discovery\/v2$/);
    const named = loadTestConfig({ DISCOVERY_STUB: 'true', DISCOVERY_API_KEY: 'real' });
    expect(await startStandIns(named)).toBe(named);
  });
});
