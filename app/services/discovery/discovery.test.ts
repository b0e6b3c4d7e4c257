import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpStub, startHttpStub } from '../../../test/support/http-stub.ts';
import { until } from '../../../test/support/until.ts';
import { ServiceUnavailableError } from '../../../lib/errors.ts';
import { createHttpClient } from '../../../lib/http-client.ts';
import { type CacheEntry } from '../cache/entry.ts';
import { createCache } from '../cache/cache.ts';
import { createDiscovery, type Discovery } from './discovery.ts';

const KEY = 'a-secret-key';
const firstPage = { page: 0, pageSize: 10 };

const attraction = {
  name: 'Taylor Swift',
  type: 'attraction',
  id: 'K8vZ9175Tr0',
  test: false,
  url: 'https://tickets.example/artist/K8vZ9175Tr0',
  locale: 'en-us',
  images: [
    { ratio: '3_2', url: 'https://images.example/large.jpg', width: 4000, height: 2600, fallback: false },
    { ratio: '16_9', url: 'https://images.example/small.jpg', width: 100, height: 56, fallback: false },
    { ratio: '16_9', url: 'https://images.example/wide.jpg', width: 2048, height: 1152, fallback: false },
  ],
  classifications: [{ primary: true, segment: { name: 'Music' }, genre: { id: 'x', name: 'Pop' } }],
  upcomingEvents: { _total: 3, ticketmaster: 3 },
  _links: { self: { href: '/discovery/v2/attractions/K8vZ9175Tr0?locale=en-us' } },
};

const venue = {
  name: 'Lakefront Hall',
  type: 'venue',
  id: 'KovZpa61Ge',
  timezone: 'America/Toronto',
  postalCode: 'M5V 1J1',
  city: { name: 'Toronto' },
  state: { name: 'Ontario', stateCode: 'ON' },
  country: { name: 'Canada', countryCode: 'CA' },
  address: { line1: '1 Lakefront' },
  location: { longitude: '-79.37', latitude: '43.64' },
};

const event = {
  name: 'Taylor Swift | A Tour',
  type: 'event',
  id: 'G5vYZ4',
  url: 'javascript:alert(1)',
  dates: {
    start: { localDate: '2026-05-01', localTime: '20:00:00', dateTime: '2026-05-02T00:00:00Z' },
    timezone: 'America/Toronto',
    status: { code: 'onsale' },
  },
  _embedded: { venues: [venue], attractions: [attraction] },
};

const notFound = { status: 404, body: { errors: [{ code: 'DIS1004', detail: 'Resource not found', status: '404' }] } };

describe('the Discovery API', () => {
  let stub: HttpStub;
  let discovery: Discovery;
  let time = 0;
  let shelf: Map<string, CacheEntry>;
  let warned: string[];

  beforeAll(async () => {
    stub = await startHttpStub(({ path, query }) => {
      if (query.get('apikey') !== KEY) return { status: 401, body: { fault: { faultstring: 'Invalid ApiKey' } } };
      const page = {
        size: Number(query.get('size')),
        totalElements: 41,
        totalPages: 5,
        number: Number(query.get('page')),
      };
      if (path === '/v2/attractions.json') return { body: { _embedded: { attractions: [attraction] }, page } };
      if (path === '/v2/events.json') return { body: { page: { ...page, totalElements: 0, totalPages: 0 } } };
      if (path === '/v2/venues.json') return { body: { _embedded: { venues: [{ id: 'no-name' }, venue] }, page } };
      if (path === `/v2/attractions/${attraction.id}.json`) return { body: attraction };
      if (path === `/v2/venues/${venue.id}.json`) return { body: venue };
      if (path === `/v2/events/${event.id}.json`) return { body: event };
      return notFound;
    });
  });
  beforeEach(() => {
    time = 1_000_000;
    shelf = new Map();
    warned = [];
    const log = { warn: (message: string) => void warned.push(message), info: () => undefined };
    const http = createHttpClient({
      target: 'discovery',
      baseUrl: `${stub.url}/v2`,
      query: { apikey: KEY },
      timeoutMs: 200,
      attempts: 2,
      backoff: { baseMs: 0, maxMs: 0 },
      log,
    });
    const cache = createCache({
      maxBytes: 1_000_000,
      shared: {
        get: async (key, isGood) => {
          const entry = shelf.get(key);
          return entry !== undefined && isGood(entry) ? entry : null;
        },
        put: async (key, entry) => void shelf.set(key, entry),
        putForSure: () => undefined,
        catchUp: () => undefined,
      },
      count: () => undefined,
      now: () => time,
      random: () => 0.5,
    });
    discovery = createDiscovery({ http, cache, log, searchTtlSeconds: 60, idTtlSeconds: 600, staleSeconds: 3_600 });
  });
  afterEach(() => {
    stub.recover();
    stub.forget();
  });
  afterAll(() => stub.stop());

  it('is searched by words and page, and what it sends becomes ours', async () => {
    const found = await discovery.searchArtists({ q: ' Taylor   Swift ', page: 2, pageSize: 5 });
    expect(found).toEqual({
      outcome: 'miss',
      value: {
        total: 41,
        rows: [
          {
            id: attraction.id,
            name: 'Taylor Swift',
            url: attraction.url,
            imageUrl: 'https://images.example/wide.jpg',
            genre: 'Pop',
            upcomingEvents: 3,
          },
        ],
      },
    });
    const [request] = stub.requests;
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      apikey: KEY,
      keyword: 'Taylor Swift',
      page: '2',
      size: '5',
      locale: '*',
    });
  });

  it('leaves out what it cannot read, and says so', async () => {
    const { value } = await discovery.searchVenues(firstPage);
    expect(value?.rows).toEqual([
      {
        id: venue.id,
        name: 'Lakefront Hall',
        address: '1 Lakefront',
        postalCode: 'M5V 1J1',
        city: 'Toronto',
        state: 'ON',
        country: 'CA',
        timezone: 'America/Toronto',
        point: { type: 'Point', coordinates: [-79.37, 43.64] },
      },
    ]);
    expect(warned).toEqual(['discovery.unreadable']);
    // An address that no browser should follow is no address.
    expect((await discovery.findEvent(event.id)).value).toEqual({
      id: event.id,
      name: event.name,
      status: 'onsale',
      date: '2026-05-02T00:00:00.000Z',
      localDate: '2026-05-01',
      timezone: 'America/Toronto',
      venue: { id: venue.id, name: venue.name },
      artists: [{ id: attraction.id, name: attraction.name }],
    });
  });

  it('finds nothing where nothing is embedded', async () => {
    expect((await discovery.searchEvents({ q: 'nobody', ...firstPage })).value).toEqual({ rows: [], total: 0 });
  });

  it('is asked once for all, and cached under the keys that are documented', async () => {
    const query = { q: 'Taylor Swift', ...firstPage };
    await Promise.all([1, 2, 3].map(() => discovery.searchArtists(query)));
    expect(await discovery.searchArtists(query)).toMatchObject({ outcome: 'hit' });
    expect(stub.requests).toHaveLength(1);
    await discovery.searchArtists({ ...query, page: 1 });
    await discovery.searchArtists({ q: 'Taylor Swift?page=1&pageSize=10', ...firstPage });
    await discovery.findArtist(attraction.id);
    expect([...shelf.keys()]).toEqual([
      'discovery:artists:Taylor Swift',
      'discovery:artists:Taylor Swift?page=1&pageSize=10',
      'discovery:artists:Taylor Swift%3Fpage=1&pageSize=10',
      `discovery:artist:${attraction.id}`,
    ]);
  });

  it('is remembered not to have something, for a minute', async () => {
    expect(await discovery.findArtist('nobody')).toEqual({ value: null, outcome: 'miss' });
    time += 59_000;
    expect(await discovery.findArtist('nobody')).toEqual({ value: null, outcome: 'hit' });
    time += 2_000;
    await discovery.findArtist('nobody');
    expect(stub.requests).toHaveLength(2);
  });

  it.each([
    ['answers 500', { status: 500 }],
    ['answers 429', { status: 429, body: { fault: { faultstring: 'Rate limit quota violation' } } }],
    ['hangs', 'hang'],
    ['breaks off', 'cut'],
    ['sends something else', { body: { page: 'one' } }],
    ['sends no JSON', { rawBody: '<html>' }],
  ] as const)('shows what is stale while it %s, and 503 where there is nothing', async (_name, failure) => {
    await discovery.searchArtists({ q: 'a', ...firstPage });
    time += 61_000;
    stub.failAlways(failure);
    const stale = await discovery.searchArtists({ q: 'a', ...firstPage });
    expect(stale).toMatchObject({ outcome: 'stale', value: { rows: [{ id: attraction.id }] } });
    const error: unknown = await discovery.searchArtists({ q: 'b', ...firstPage }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(JSON.stringify([(error as Error).message, error])).not.toContain(KEY);
    stub.recover();
    time += 10_000;
  });

  it('is fetched anew in the background once its time is over', async () => {
    await discovery.findVenue(venue.id);
    time += 601_000;
    expect(await discovery.findVenue(venue.id)).toMatchObject({ outcome: 'stale' });
    expect(
      await until(
        () => discovery.findVenue(venue.id),
        ({ outcome }) => outcome === 'hit',
      ),
    ).toMatchObject({
      value: { name: venue.name },
    });
    expect(stub.requests).toHaveLength(2);
  });
});
