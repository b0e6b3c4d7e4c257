import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Client } from '../support/client.ts';
import { createCampaign, createOpenCampaign } from '../support/factories.ts';
import { createUserToken } from '../support/tokens.ts';

const PASSWORD = 'open sesame';
const SECRET = 'Only for those who know';

describe('where public reads are on', () => {
  let test: TestApp;
  let anyone: Client;
  beforeAll(async () => {
    test = await startTestApp({ variables: { PUBLIC_READS: 'true' } });
    anyone = test.client.as(null);
  });
  afterAll(() => test.stop());

  const find = ({ domain }: Campaign, client = anyone, options = {}) =>
    client.get<Campaign>('/campaigns', { query: { domain: domain?.site ?? '' }, ...options });
  const full = {
    preferences: [{ id: 'seat', type: 'text' as const, labels: { en: 'Which seat?' } }],
  };

  it('everyone sees an opened campaign, without what is internal', async () => {
    const { data: contact } = await test.client.post<{ _id: string }>('/contacts', { name: 'Internal' });
    const campaign = await createOpenCampaign(test.client, { ...full, contacts: [contact._id] });
    const { status, data } = await find(campaign);
    expect(status).toBe(200);
    expect(data).toMatchObject({ _id: campaign._id, name: campaign.name, status: 'OPEN' });
    for (const field of ['contacts', 'audit', 'preferences', 'statusHistory', 'search', 'pendingChange', 'nameKey']) {
      expect(data).not.toHaveProperty(field);
    }
  });

  it('a CDN may keep it, and is told what to purge', async () => {
    const campaign = await createOpenCampaign(test.client);
    const kept = ['cache-control', 'surrogate-control', 'surrogate-key', 'vary'];
    const select = ({ headers }: { headers: Headers }) => kept.map(name => headers.get(name));
    const expected = [
      'public, max-age=0, s-maxage=300',
      'max-age=300, stale-while-revalidate=60, stale-if-error=86400',
      `campaign/${campaign._id} domain/${campaign.domain?.site}`,
      'accept-encoding, authorization',
    ];
    const first = await find(campaign);
    expect(select(first)).toEqual(expected);
    const again = await find(campaign, anyone, { headers: { 'if-none-match': first.etag } });
    expect([again.status, ...select(again)]).toEqual([304, ...expected]);
    for (const [path, query] of [
      [`/campaigns/${campaign._id}/status`, {}],
      ['/campaigns/status', { domain: campaign.domain?.site ?? '' }],
    ] as const) {
      expect(select(await anyone.get(path, { query }))).toEqual(expected);
      const { headers } = await test.client.get(path, { query });
      expect([headers.get('cache-control'), headers.get('surrogate-key')]).toEqual(['private, no-store', null]);
    }
  });

  it('what the CDN is told to purge goes with the domain', async () => {
    const campaign = await createOpenCampaign(test.client);
    await find(campaign);
    const site = `moved-${campaign._id}.example.com`;
    await test.client.patch(`/campaigns/${campaign._id}`, { domain: { site } });
    const { headers } = await anyone.get('/campaigns', { query: { domain: site } });
    expect(headers.get('surrogate-key')).toBe(`campaign/${campaign._id} domain/${site}`);
  });

  it('whoever may read it sees all of it, and nobody may keep that', async () => {
    const campaign = await createOpenCampaign(test.client, full);
    const reader = test.client.as(createUserToken({ [campaign._id]: ['read'] }));
    const { data, headers, etag } = await find(campaign, reader);
    expect(data).toHaveProperty('preferences');
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('surrogate-key')).toBeNull();
    expect(etag).not.toBe((await find(campaign)).etag);
    // A token that grants nothing here is no worse than none.
    expect((await find(campaign, test.client.as(createUserToken()))).data).not.toHaveProperty('preferences');
  });

  it('what is not open yet, or no more, does not exist', async () => {
    const campaign = await createCampaign(test.client);
    const status = () => anyone.get('/campaigns/status', { query: { domain: campaign.domain?.site ?? '' } });
    for (const [next, expected] of [
      [null, 404],
      ['PREVIEW', 404],
      ['OPEN', 200],
      ['CLOSED', 200],
    ] as const) {
      if (next !== null) await test.client.patch(`/campaigns/${campaign._id}`, { status: next });
      expect([next, (await find(campaign)).status, (await status()).status]).toEqual([next, expected, expected]);
    }
    test.advance({ days: 31 });
    await test.client.post('/campaigns/refresh');
    expect((await anyone.get(`/campaigns/${campaign._id}/status`)).status).toBe(404);
  });

  it('everything else still needs a token', async () => {
    const { _id } = await createOpenCampaign(test.client);
    for (const path of ['', '/faqs', '/terms', '/contacts', '/history', '/markets']) {
      expect((await anyone.get(`/campaigns/${_id}${path}`)).error.type).toBe('UNAUTHENTICATED');
    }
    expect((await anyone.get(`/campaigns/${_id}/status`)).status).toBe(200);
  });

  it('a bad token is refused, not taken for none', async () => {
    const campaign = await createOpenCampaign(test.client);
    expect((await find(campaign, test.client.as('bad'))).error.type).toBe('UNAUTHENTICATED');
  });

  it('a protected campaign asks everyone for its password, and nobody may keep it', async () => {
    const campaign = await createOpenCampaign(test.client, { password: PASSWORD });
    expect((await find(campaign)).error.type).toBe('INVALID_CAMPAIGN_PASSWORD');
    const right = await find(campaign, anyone, { headers: { 'x-campaign-password': PASSWORD } });
    expect(right.data).toMatchObject({ _id: campaign._id, isPasswordProtected: true });
    expect(right.headers.get('cache-control')).toBe('private, no-store');
    expect(right.headers.get('surrogate-key')).toBeNull();
    const path = `/campaigns/${campaign._id}/status`;
    const known = await anyone.get(path, { headers: { 'x-campaign-password': PASSWORD } });
    expect([known.status, known.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    const status = await anyone.get(path);
    expect(status.error.type).toBe('INVALID_CAMPAIGN_PASSWORD');
  });
});

describe('a protected campaign', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      variables: { RATE_LIMIT_PASSWORD_ATTEMPTS: '3', RATE_LIMIT_PASSWORD_WINDOW_SECONDS: '60', TRUST_PROXY: 'true' },
    });
  });
  afterAll(() => test.stop());

  const prepare = async () => {
    const campaign = await createOpenCampaign(test.client, {
      password: PASSWORD,
      content: {
        en: { terms: SECRET, faqs: { '6f8ad2a8-3a75-4e39-9d6c-0d2b0e1c2f3a': { question: SECRET, answer: SECRET } } },
      },
      eventIds: ['protected-show'],
      date: {
        open: '2026-03-02T12:00:00.000Z',
        close: '2026-03-12T12:00:00.000Z',
        presaleWindowStart: '2026-03-13T12:00:00.000Z',
        presaleWindowEnd: '2026-03-15T12:00:00.000Z',
      },
    });
    const reader = test.client.as(createUserToken({ [campaign._id]: ['read'] }));
    const path = `/campaigns/${campaign._id}`;
    const tryWith = (password: string, address = '192.0.2.1') =>
      reader.get<Campaign>(path, { headers: { 'x-campaign-password': password, 'x-forwarded-for': address } });
    return { campaign, path, reader, tryWith };
  };

  it('counts wrong passwords by the address that the proxy saw, whatever the caller wrote before it', async () => {
    const { path, reader } = await prepare();
    const types: (string | undefined)[] = [];
    for (const spoofed of ['192.0.2.7', '192.0.2.8', '192.0.2.9', '192.0.2.10']) {
      const headers = { 'x-campaign-password': 'wrong', 'x-forwarded-for': `${spoofed}, 203.0.113.9` };
      types.push((await reader.get(path, { headers })).errorType);
    }
    expect(types).toEqual([...Array.from({ length: 3 }, () => 'INVALID_CAMPAIGN_PASSWORD'), 'RATE_LIMITED']);
  });

  it('is shown to those who may update it, and to readers with the right password', async () => {
    const { campaign, path, reader, tryWith } = await prepare();
    const editor = test.client.as(createUserToken({ [campaign._id]: ['update'] }));
    expect((await editor.get(path)).status).toBe(200);
    const none = await reader.get(path);
    expect([none.status, none.error.type]).toEqual([401, 'INVALID_CAMPAIGN_PASSWORD']);
    expect((await tryWith('open Sesame')).error.type).toBe('INVALID_CAMPAIGN_PASSWORD');
    expect((await tryWith(PASSWORD)).data._id).toBe(campaign._id);
  });

  it.each([
    ['/campaigns/list', {}],
    ['/campaigns/events', { eventId: 'protected-show' }],
    ['/campaigns/:id/faqs', {}],
    ['/campaigns/:id/terms', {}],
    ['/campaigns/:id/history', {}],
  ])('shows a reader without the password nothing of what it says by %s', async (door, query) => {
    const { campaign, reader } = await prepare();
    const { text } = await reader.get(door.replace(':id', campaign._id), { query: query });
    expect(text).not.toContain(SECRET);
  });

  it('is no longer shown when its password changes, and to everyone who may read when it goes', async () => {
    const { path, reader, tryWith } = await prepare();
    expect((await tryWith(PASSWORD)).status).toBe(200);
    await test.client.patch(path, { password: 'another one' });
    expect((await tryWith(PASSWORD)).status).toBe(401);
    expect((await tryWith('another one')).status).toBe(200);
    await test.client.patch(path, { password: null });
    const { status, data } = await reader.get<Campaign>(path);
    expect([status, data.isPasswordProtected]).toEqual([200, undefined]);
  });

  it('lets an address try only so often; then not even the right password helps, until the window passes', async () => {
    const { tryWith } = await prepare();
    for (let at = 0; at < 3; at++) expect((await tryWith(`wrong ${at}`)).status).toBe(401);
    for (const password of ['wrong', PASSWORD]) {
      const refused = await tryWith(password);
      expect([refused.status, refused.error.type]).toEqual([429, 'RATE_LIMITED']);
      const wait = Number(refused.headers.get('retry-after'));
      expect(wait > 0 && wait <= 60).toBe(true);
    }
    expect((await tryWith(PASSWORD, '192.0.2.2')).status).toBe(200);
    test.advance({ minutes: 2 });
    expect((await tryWith(PASSWORD)).status).toBe(200);
  });

  it('lets ten guesses at once be no more than the limit', async () => {
    const { tryWith } = await prepare();
    const answers = await Promise.all(Array.from({ length: 10 }, (_none, at) => tryWith(`guess ${at}`, '192.0.2.3')));
    const count = (status: number): number => answers.filter(answer => answer.status === status).length;
    expect([count(401), count(429)]).toEqual([3, 7]);
  });
});

describe('locales', () => {
  let test: TestApp;
  let campaign: Campaign;
  beforeAll(async () => {
    test = await startTestApp();
    campaign = await createCampaign(test.client, {
      locales: [
        { id: 'en', isDefault: true },
        { id: 'fr', isDefault: false },
        { id: 'fr-CA', isDefault: false },
      ],
      content: {
        en: { landing: { title: 'Hello', subtitle: 'Welcome', buttonLabel: 'Go' }, terms: 'Terms' },
        fr: { landing: { title: 'Bonjour', subtitle: 'Bienvenue' } },
        'fr-CA': { landing: { title: 'Allô' } },
      },
      preferences: [
        {
          id: 'seat',
          type: 'choice',
          labels: { en: 'Seat', fr: 'Place' },
          choices: [{ id: 'a', labels: { en: 'Aisle', 'fr-CA': 'Allée' } }],
        },
      ],
    });
  });
  afterAll(() => test.stop());

  const read = (query = {}) => test.client.get<Campaign>(`/campaigns/${campaign._id}`, { query });

  it('fall back field by field: fr-CA, then fr, then the default', async () => {
    const { data, meta } = await read({ locale: 'fr-CA' });
    expect(meta.locale).toBe('fr-CA');
    expect(data.content).toEqual({
      'fr-CA': { landing: { title: 'Allô', subtitle: 'Bienvenue', buttonLabel: 'Go' }, terms: 'Terms' },
    });
    expect(data.preferences).toEqual([
      {
        id: 'seat',
        type: 'choice',
        labels: { 'fr-CA': 'Place' },
        choices: [{ id: 'a', labels: { 'fr-CA': 'Allée' } }],
      },
    ]);
  });

  it.each([
    [undefined, 'en', 'Hello'],
    ['en', 'en', 'Hello'],
    ['en-GB', 'en', 'Hello'],
    ['fr', 'fr', 'Bonjour'],
    ['fr-BE', 'fr', 'Bonjour'],
    ['fr-Latn-CA', 'fr', 'Bonjour'],
    ['FR-ca', 'fr-CA', 'Allô'],
    ['de', 'en', 'Hello'],
  ])('%s is answered in %s, which meta.locale says', async (locale, used, title) => {
    const { data, meta } = await read(locale === undefined ? {} : { locale });
    expect(meta.locale).toBe(used);
    expect(data.content?.[used]?.landing?.title).toBe(title);
    expect(Object.keys(data.content ?? {})).toEqual([used]);
  });

  it('are all shown when all are wanted', async () => {
    const { data, meta } = await read({ showAllLocales: true });
    expect(data.content).toEqual(campaign.content);
    expect(meta.locale).toBeUndefined();
  });

  it.each(['e', 'en_US', 'fr-', '12', 'en-x', 'toolonglanguage'])('%s is no locale', async locale => {
    const { status, error } = await read({ locale });
    expect([status, error.type, error.details?.[0]?.path]).toEqual([400, 'VALIDATION_ERROR', 'locale']);
  });
});
