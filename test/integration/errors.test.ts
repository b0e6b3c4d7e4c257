import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Answer } from '../support/client.ts';
import { connectChannel, type Refusal } from '../support/channel.ts';
import { listErrorTypes } from '../support/error-types.ts';
import {
  buildCampaign,
  buildDraft,
  buildMarket,
  buildPromoter,
  createCampaign,
  createMarket,
} from '../support/factories.ts';
import { createSupremeToken, createUserToken } from '../support/tokens.ts';

type Provocation = (test: TestApp) => Promise<Answer<unknown>>;

const UNKNOWN_ID = '0123456789abcdef01234567';

/** For each type of error, the requests that end in it. */
const provocations: Readonly<Record<string, Provocation>> = {
  VALIDATION_ERROR: ({ client }) => client.post('/campaigns', {}),
  INVALID_JSON: ({ client }) => client.post('/campaigns', undefined, { rawBody: '{"name": }' }),
  UNSUPPORTED_MEDIA_TYPE: ({ client }) =>
    client.post('/campaigns', undefined, { rawBody: 'name=x', headers: { 'content-type': 'text/plain' } }),
  PAYLOAD_TOO_LARGE: ({ client }) => client.post('/campaigns', { name: 'x'.repeat(1_048_577) }),
  INVALID_CAMPAIGN: ({ client }) =>
    client.post('/campaigns', buildDraft({ locales: [{ id: 'en', isDefault: false }] })),
  async INVALID_CAMPAIGN_STATUS_CHANGE({ client }) {
    const { _id } = await createCampaign(client);
    return client.patch(`/campaigns/${_id}`, { status: 'CLOSED' });
  },
  async DOMAIN_NAME_CONFLICT({ client }) {
    const { domain = {} } = await createCampaign(client);
    return client.post('/campaigns', buildCampaign({ domain }));
  },
  async CAMPAIGN_NAME_CONFLICT({ client }) {
    const { name } = await createCampaign(client);
    return client.post('/campaigns', buildDraft({ name }));
  },
  async MARKET_NAME_CONFLICT({ client }) {
    const { _id } = await createCampaign(client);
    const { name } = await createMarket(client, _id);
    return client.post(`/campaigns/${_id}/markets`, buildMarket({ name }));
  },
  async MARKET_EVENT_CONFLICT({ client }) {
    const { _id } = await createCampaign(client);
    await createMarket(client, _id, { event: { ids: ['show'] } });
    return client.post(`/campaigns/${_id}/markets`, buildMarket({ event: { ids: ['show'] } }));
  },
  async PROMOTER_NAME_CONFLICT({ client }) {
    const promoter = buildPromoter();
    await client.post('/promoters', promoter);
    return client.post('/promoters', promoter);
  },
  MISSING_PRESALE_WINDOW_DATE: ({ client }) => client.post('/campaigns', buildDraft({ categoryId: 'rock' })),
  INVALID_PRESALE_WINDOW_DATE_ORDER: ({ client }) =>
    client.get('/campaigns/eventIds', {
      query: { presaleQueryStartDate: '2026-02-01T00:00:00Z', presaleQueryEndDate: '2026-01-01T00:00:00Z' },
    }),
  UNAUTHENTICATED: ({ client }) => client.as(null).get('/campaigns/list'),
  async INVALID_CAMPAIGN_PASSWORD({ client }) {
    const { _id } = await createCampaign(client, { password: 'open sesame' });
    return client.as(createUserToken({ [_id]: ['read'] })).get(`/campaigns/${_id}`);
  },
  UNAUTHORIZED: ({ client }) => client.as(createUserToken()).get('/promoters'),
  CAMPAIGN_NOT_FOUND: ({ client }) => client.get(`/campaigns/${UNKNOWN_ID}`),
  async MARKET_NOT_FOUND({ client }) {
    const { _id } = await createCampaign(client);
    return client.get(`/campaigns/${_id}/markets/${UNKNOWN_ID}`);
  },
  EVENT_NOT_FOUND: ({ client }) => client.post('/events/a%20b', { status: 'onsale' }),
  ARTIST_NOT_FOUND: ({ client }) => client.get('/artists/a%20b'),
  VENUE_NOT_FOUND: ({ client }) => client.get('/venues/a%20b'),
  PROMOTER_NOT_FOUND: ({ client }) => client.get(`/promoters/${UNKNOWN_ID}`),
  CONTACT_NOT_FOUND: ({ client }) => client.get(`/contacts/${UNKNOWN_ID}`),
  ROUTE_NOT_FOUND: ({ client }) => client.get('/nowhere'),
  METHOD_NOT_ALLOWED: ({ client }) => client.delete('/campaigns'),
  async VERSION_MISMATCH({ client }) {
    const { _id } = await createCampaign(client);
    return client.patch(`/campaigns/${_id}`, { tour: {} }, { headers: { 'if-match': '"9"' } });
  },
  async IDEMPOTENCY_KEY_REUSED({ client }) {
    const options = { headers: { 'idempotency-key': 'errors-1' } };
    await client.post('/campaigns', buildDraft(), options);
    return client.post('/campaigns', buildDraft(), options);
  },
  async RATE_LIMITED({ client }) {
    const { _id } = await createCampaign(client, { password: 'open sesame' });
    const reader = client.as(createUserToken({ [_id]: ['read'] }));
    const guess = () => reader.get(`/campaigns/${_id}`, { headers: { 'x-campaign-password': 'wrong' } });
    await guess();
    return guess();
  },
  async INTERNAL_ERROR(test) {
    return withDatastore(test, () => Promise.reject(new Error('secret inside')));
  },
  async TIMEOUT(test) {
    return withDatastore(test, () => new Promise(() => undefined));
  },
  async SERVICE_UNAVAILABLE() {
    const test = await startTestApp();
    await test.app.store.close();
    const answer = await test.client.get('/campaigns/list');
    await test.stop();
    return answer;
  },
};

/** For each type of error that the channel alone has, a request over it that ends in it. It has no statuses. */
const channelProvocations: Readonly<Record<string, (test: TestApp) => Promise<string | undefined>>> = {
  EVENT_TYPE_UNKNOWN: test => askChannel(test, 'campaign:dance', {}),
  EVENT_EXPIRED: test => askChannel(test, 'campaign:list', {}, { timestamp: '2020-01-01T00:00:00Z' }),
  async STATE_VERSION_NOT_FOUND(test) {
    const { _id: campaignId } = await createCampaign(test.client);
    return askChannel(test, 'campaign:state', { campaignId, version: 99 });
  },
  async LIMIT_EXCEEDED({ url }) {
    const token = createUserToken();
    const first = await connectChannel(url, token);
    const refusal = await connectChannel(url, token).catch((error: unknown) => error as Refusal);
    first.close();
    return (refusal as Refusal).data?.error.type;
  },
};

/** Asks over the channel, and gives the type of the error. */
async function askChannel(
  { url }: TestApp,
  action: string,
  payload: object,
  envelope = {},
): Promise<string | undefined> {
  const channel = await connectChannel(url, createSupremeToken());
  const answer = await channel.ask(action, payload, envelope);
  channel.close();
  return answer.payload.error?.type;
}

/** Asks for the promoters while their datastore does something else instead. */
async function withDatastore({ app, client }: TestApp, list: () => Promise<never>): Promise<Answer<unknown>> {
  const promoters = app.datastores.promoters as { list: unknown };
  const original = promoters.list;
  promoters.list = list;
  try {
    return await client.get('/promoters');
  } finally {
    promoters.list = original;
  }
}

describe('errors', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      variables: {
        RATE_LIMIT_PASSWORD_ATTEMPTS: '1',
        REQUEST_TIMEOUT_MS: '2000',
        MONGODB_SERVER_SELECTION_TIMEOUT_MS: '1000',
        MONGODB_SOCKET_TIMEOUT_MS: '1000',
        MONGODB_MAX_TIME_MS: '500',
        CHANNEL_MAX_CONNECTIONS_PER_USER: '1',
      },
    });
  });
  afterAll(() => test.stop());

  const answers = new Map<string, Promise<Answer<unknown>>>();
  /** Provokes an error once, and gives its answer. */
  const answerOf = (type: string): Promise<Answer<unknown>> => {
    const provoke = provocations[type];
    if (provoke === undefined) throw new Error(`No request provokes ${type}.`);
    const answer = answers.get(type) ?? provoke(test);
    answers.set(type, answer);
    return answer;
  };

  it.each(Object.keys(channelProvocations))('%s is answered on the channel', async type => {
    expect(await channelProvocations[type]?.(test)).toBe(type);
  });

  it.each([...listErrorTypes()].filter(([type]) => !(type in channelProvocations)))(
    '%s is answered with %d',
    async (type, status) => {
      const answer = await answerOf(type);
      expect([answer.error.type, answer.status]).toEqual([type, status]);
    },
  );

  it('say when to come back where it helps', async () => {
    for (const type of ['RATE_LIMITED', 'SERVICE_UNAVAILABLE']) {
      const { headers } = await answerOf(type);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('say where a body breaks', async () => {
    const { error } = await test.client.post('/campaigns', undefined, { rawBody: '{\n  "name": "x",\n  oops\n}' });
    expect(error.message).toContain('line 3, column 3');
  });

  it('say how to sign in, and what is wrong with a token', async () => {
    const none = await test.client.as(null).get('/campaigns/list');
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="campaign-service"');
    const bad = await test.client.as('not.a.token').get('/campaigns/list');
    expect(bad.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('name the dependency that is away', async () => {
    const { error } = await answerOf('SERVICE_UNAVAILABLE');
    expect(error.details).toEqual([{ path: expect.any(String) as unknown, message: 'unavailable' }]);
  });

  it('show nothing of a fault of ours, and log it under the correlation id', async () => {
    const answer = await answerOf('INTERNAL_ERROR');
    expect(answer.text).not.toContain('secret inside');
    const line = test.logs.find(
      ({ level, correlation }) => level === 'error' && correlation === answer.error.correlation,
    );
    expect(JSON.stringify(line)).toContain('secret inside');
  });

  it('say of a deadline that the outcome is undecided', async () => {
    expect((await answerOf('TIMEOUT')).error.message).toContain('undecided');
  });

  it('are all among the files of error classes', async () => {
    const declared: string[] = [];
    for (const folder of ['app', 'lib']) {
      for (const file of await readdir(folder, { recursive: true })) {
        if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
        const source = await readFile(path.join(folder, file), 'utf8');
        if (/extends (?:\w*Error)\b[^{]*\{[^}]*readonly type = '/.test(source)) declared.push(path.join(folder, file));
      }
    }
    expect(declared.sort()).toEqual(['app/errors.ts', 'app/realtime/state/errors.ts', 'lib/errors.ts']);
  });

  it('are those of docs/errors.md, both ways', async () => {
    const page = await readFile('docs/errors.md', 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| \S.* \|$/gm)].map(([, type, status]) => [
      type,
      Number(status),
    ]);
    expect(page.match(/^\| `/gm)).toHaveLength(rows.length);
    expect(rows.sort()).toEqual([...listErrorTypes()].sort());
  });
});
