import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign, createMarket } from '../support/factories.ts';
import { requestRaw } from '../support/raw-request.ts';
import { createSupremeToken, createUserToken } from '../support/tokens.ts';

describe('HTTP', () => {
  let test: TestApp;
  let campaign: Campaign;
  let path: string;
  beforeAll(async () => {
    test = await startTestApp();
    campaign = await createCampaign(test.client, {
      content: {
        en: { terms: 'All the terms that there are. '.repeat(200) },
        fr: { terms: 'Conditions : été, œuvre 🎟️' },
      },
    });
    path = `/campaigns/${campaign._id}`;
  });
  afterAll(() => test.stop());

  const read = (headers: Record<string, string>, query = {}) => test.client.get<Campaign>(path, { headers, query });

  describe('If-None-Match', () => {
    it('answers 304 without a body to whoever has the document, in every form of the header', async () => {
      const { etag } = await read({});
      expect(etag).toMatch(/^"1-[\w.]+"$/);
      for (const form of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag} , "more"`, '*']) {
        const answer = await read({ 'if-none-match': form });
        expect([form, answer.status, answer.text, answer.etag]).toEqual([form, 304, '', etag]);
        expect(answer.headers.get('vary')).toContain('accept-encoding');
      }
      const head = await test.client.request('HEAD', path, { headers: { 'if-none-match': etag } });
      expect(head.status).toBe(304);
    });

    it('answers in full when the tag is another', async () => {
      const { etag } = await read({});
      for (const form of ['"other"', etag.replaceAll('"', ''), `"${etag.slice(1, -1)}x"`, '']) {
        expect((await read({ 'if-none-match': form })).status).toBe(200);
      }
    });

    it('tells the views of a document apart, and its versions', async () => {
      const { _id } = await createCampaign(test.client);
      const tagOf = async (query = {}) => (await test.client.get(`/campaigns/${_id}`, { query })).etag;
      const tags = [await tagOf(), await tagOf({ locale: 'fr' }), await tagOf({ showAllLocales: true })];
      expect(new Set(tags).size).toBe(3);
      const { etag } = await test.client.patch(`/campaigns/${_id}`, { tour: { name: 'New' } });
      const after = await test.client.get(`/campaigns/${_id}`, { headers: { 'if-none-match': tags[0] ?? '' } });
      expect(after.status).toBe(200);
      expect(await tagOf({ showAllLocales: true })).toBe(etag);
    });

    it.each(['markets', 'contacts', 'promoters'])('holds for %s', async kind => {
      const made =
        kind === 'markets'
          ? await createMarket(test.client, campaign._id)
          : (await test.client.post<{ _id: string }>(`/${kind}`, { name: `HTTP ${kind}` })).data;
      const place = kind === 'markets' ? `${path}/markets/${made._id}` : `/${kind}/${made._id}`;
      const { etag } = await test.client.get(place);
      expect((await test.client.get(place, { headers: { 'if-none-match': etag } })).status).toBe(304);
    });
  });

  describe('If-Match', () => {
    it('lets an update pass that is of the current version, by whichever view it was read', async () => {
      const { _id } = await createCampaign(test.client);
      for (const query of [{}, { locale: 'fr' }, { showAllLocales: true }]) {
        const { etag } = await test.client.get(`/campaigns/${_id}`, { query });
        const answer = await test.client.patch(
          `/campaigns/${_id}`,
          { tour: { name: etag } },
          { headers: { 'if-match': etag } },
        );
        expect(answer.status).toBe(200);
      }
      const any = await test.client.patch(
        `/campaigns/${_id}`,
        { tour: { name: '*' } },
        { headers: { 'if-match': '*' } },
      );
      expect(any.status).toBe(200);
    });

    it('takes a list of tags, any of which may be the current one', async () => {
      const { _id } = await createCampaign(test.client);
      const { etag } = await test.client.get(`/campaigns/${_id}`);
      const answer = await test.client.patch(
        `/campaigns/${_id}`,
        { tour: {} },
        { headers: { 'if-match': `"9-full", ${etag}` } },
      );
      expect(answer.status).toBe(200);
    });

    it('is 412 for any other tag, and nothing is written', async () => {
      const { _id } = await createCampaign(test.client);
      for (const tag of ['"2-full.all"', '"0"', 'W/"1-full.all"', 'nonsense', '""', '"1-full.all']) {
        const answer = await test.client.patch(
          `/campaigns/${_id}`,
          { name: 'Never' },
          { headers: { 'if-match': tag } },
        );
        expect([tag, answer.status, answer.error.type]).toEqual([tag, 412, 'VERSION_MISMATCH']);
      }
      expect((await test.client.get<Campaign>(`/campaigns/${_id}`)).data.version).toBe(1);
    });
  });

  describe('compression', () => {
    const authorization = `Bearer ${createSupremeToken()}`;
    const fetchAs = (place: string, encoding: string) =>
      requestRaw(`${test.url}${place}`, {
        headers: { authorization, 'accept-encoding': encoding, 'x-correlation-id': 'same' },
      });
    const dataOf = (body: Buffer): unknown => (JSON.parse(body.toString()) as { data: unknown }).data;

    it('of a document is valid, and equal to what is sent without it', async () => {
      const plain = await fetchAs(`${path}?showAllLocales=true`, 'identity');
      expect(plain.headers['content-encoding']).toBeUndefined();
      // What is read once is not worth compressing.
      await fetchAs(`${path}?showAllLocales=true`, 'gzip');
      const packed = await fetchAs(`${path}?showAllLocales=true`, 'gzip, deflate, br');
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(packed.headers.vary).toContain('accept-encoding');
      expect(packed.headers.etag).toBe(plain.headers.etag);
      expect(Number(packed.headers['content-length'])).toBe(packed.body.length);
      expect(packed.body.length).toBeLessThan(plain.body.length / 2);
      expect(dataOf(gunzipSync(packed.body))).toEqual(dataOf(plain.body));
    });

    it.each([
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
    ])('of a list by %s is valid, and equal to what is sent without it', async (encoding, unpack) => {
      const plain = await fetchAs('/campaigns/list', 'identity');
      const packed = await fetchAs('/campaigns/list', encoding);
      expect(packed.headers['content-encoding']).toBe(encoding);
      expect(packed.headers.vary).toMatch(/accept-encoding/i);
      expect(dataOf(unpack(packed.body))).toEqual(dataOf(plain.body));
    });

    it('is left out where it is not wanted, or not worth it', async () => {
      for (const encoding of ['gzip;q=0', 'identity', 'zstd']) {
        const { headers } = await fetchAs(`${path}?showAllLocales=true`, encoding);
        expect([encoding, headers['content-encoding']]).toEqual([encoding, undefined]);
      }
      expect((await fetchAs('/health/live', 'gzip')).headers['content-encoding']).toBeUndefined();
    });
  });

  describe('the correlation id', () => {
    it('is taken from the request when it is well-formed, and is in the log and in the change', async () => {
      const id = 'a.b_C-1'.padEnd(128, 'x');
      const answer = await test.client.patch(
        path,
        { tour: { name: 'Correlated' } },
        { headers: { 'x-correlation-id': id } },
      );
      expect(answer.meta.correlation).toBe(id);
      expect(test.logs.find(({ correlation, message }) => correlation === id && message === 'request')).toBeDefined();
      const { data } = await test.client.get<{ correlation: string }[]>(`${path}/history`);
      expect(data[0]?.correlation).toBe(id);
    });

    it('is made otherwise', async () => {
      for (const id of ['a b', 'x'.repeat(129), 'ä', '<script>', '"', '']) {
        const { meta } = await read({
          'x-correlation-id': encodeURI(id) === id ? id : Buffer.from(id).toString('latin1'),
        });
        expect(meta.correlation).toMatch(/^[0-9a-f-]{36}$/);
      }
    });

    it('is on errors too, whoever finds them', async () => {
      const headers = { 'x-correlation-id': 'mine' };
      const answers = [
        await test.client.get('/nowhere', { headers }),
        await test.client.request('PUT', '/campaigns', { headers }),
        await test.client.as(null).get('/campaigns/list', { headers }),
        await test.client.post('/campaigns', undefined, { rawBody: '{', headers }),
        await test.client.post('/campaigns', undefined, { rawBody: 'x'.repeat(2_000_000), headers }),
      ];
      expect(answers.map(({ error }) => error.correlation)).toEqual(answers.map(() => 'mine'));
    });
  });

  it('sends the headers of security with every kind of answer, and lets nobody keep what is private', async () => {
    const { etag } = await read({});
    const answers = [
      await read({}),
      await read({ 'if-none-match': etag }),
      await test.client.get('/campaigns/list', { headers: { 'accept-encoding': 'gzip' } }),
      await test.client.post('/campaigns', {}),
      await test.client.get('/nowhere'),
      await test.client.as(null).get(path),
      await test.client.get('/metrics'),
      await test.client.get('/docs'),
    ];
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
    }
    for (const { headers } of answers.slice(0, 7)) expect(headers.get('cache-control')).toBe('private, no-store');
  });

  it('logs no token, no password, no query and no body', async () => {
    const token = createUserToken({ [campaign._id]: ['read'] }, 'logged-user');
    await test.client
      .as(token)
      .get(path, { query: { locale: 'fr-XX' }, headers: { 'x-campaign-password': 'hunter2-secret' } });
    await test.client.patch(path, { tour: { name: 'Not for the log' } });
    const text = JSON.stringify(test.logs);
    expect(text).toContain('logged-user');
    for (const secret of [token, 'hunter2-secret', 'fr-XX', 'Not for the log']) expect(text).not.toContain(secret);
  });
});

describe('the rate limit', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ variables: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_PER_MINUTE: '3' } });
  });
  afterAll(() => test.stop());

  it('counts each caller apart, and says how much is left', async () => {
    const alice = test.client.as(createSupremeToken('alice'));
    const remaining: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      const { status, headers } = await alice.get('/campaigns/list');
      expect([status, headers.get('ratelimit-limit')]).toEqual([200, '3']);
      expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0);
      remaining.push(headers.get('ratelimit-remaining'));
    }
    expect(remaining).toEqual(['2', '1', '0']);
    const refused = await alice.get('/campaigns/list');
    expect([refused.status, refused.error.type, refused.headers.get('ratelimit-remaining')]).toEqual([
      429,
      'RATE_LIMITED',
      '0',
    ]);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait >= 1 && wait <= 60).toBe(true);
    // Another token of the same user is the same caller.
    expect((await test.client.as(createUserToken({}, 'alice')).get('/campaigns/list')).status).toBe(429);
    expect((await test.client.as(createSupremeToken('bob')).get('/campaigns/list')).status).toBe(200);
  });

  it('counts those without a token by their address', async () => {
    const anyone = test.client.as(null);
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++) statuses.push((await anyone.get('/campaigns/list')).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  it('never refuses those who watch the process', async () => {
    const watcher = test.client.as(null);
    for (let at = 0; at < 5; at++) await watcher.get('/campaigns/list');
    for (const path of ['/heartbeat', '/health/live', '/health/ready', '/metrics']) {
      const { status, headers } = await watcher.get(path);
      expect([path, status, headers.get('ratelimit-limit')]).toEqual([path, 200, null]);
    }
  });
});
