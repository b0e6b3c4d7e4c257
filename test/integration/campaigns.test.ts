import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildCampaign, buildDraft, createCampaign, createOpenCampaign } from '../support/factories.ts';
import { createUserToken } from '../support/tokens.ts';

describe('campaigns over HTTP', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  describe('making one', () => {
    it('answers 201 with its place, and it can be read there as it was answered', async () => {
      const body = buildCampaign({ domain: { site: 'New-Tour.Example.COM' } });
      const made = await test.client.post<Campaign>('/campaigns', body);
      expect(made.status).toBe(201);
      expect(made.data).toMatchObject({
        name: body.name,
        status: 'DRAFT',
        version: 1,
        domain: { site: 'new-tour.example.com' },
      });
      const place = made.headers.get('location') ?? '';
      expect(place).toBe(`/campaigns/${made.data._id}`);
      const read = await test.client.get<Campaign>(place, { query: { showAllLocales: true } });
      expect(read.data).toEqual(made.data);
      expect(read.etag).toBe(made.etag);
    });

    it('needs no more than a name, and makes the identifier from it', async () => {
      const made = await test.client.post<Campaign>('/campaigns', { name: 'Ünïque Täle of 2026!' });
      expect(made.data).toMatchObject({ type: 'registration', schema: { version: 2 }, status: 'DRAFT' });
      expect(made.data.identifier).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      const named = await test.client.post<Campaign>('/campaigns', buildDraft({ identifier: 'mine-alone' }));
      expect(named.data.identifier).toBe('mine-alone');
    });

    it('gives an identifier that is taken another ending, unless the client chose it', async () => {
      const first = await createOpenCampaign(test.client, { name: 'Ending, or not' });
      const second = await createCampaign(test.client, { name: 'Ending - or not' });
      expect(second.identifier).not.toBe(first.identifier);
      expect(second.identifier.startsWith(first.identifier)).toBe(true);
      const chosen = await test.client.post('/campaigns', buildDraft({ identifier: first.identifier }));
      expect(chosen.error).toMatchObject({ type: 'INVALID_CAMPAIGN', details: [{ path: '/identifier' }] });
    });

    it('names every fault at once, by its JSON pointer', async () => {
      const { error, status } = await test.client.post('/campaigns', {
        name: ' ',
        date: { open: 'tomorrow' },
        status: 'OPEN',
        colour: 'red',
        domain: { site: 'no host' },
      });
      expect(status).toBe(400);
      expect(error.type).toBe('VALIDATION_ERROR');
      expect(error.details?.map(({ path }) => path).sort()).toEqual([
        '/colour',
        '/date/open',
        '/domain/site',
        '/name',
        '/status',
      ]);
    });

    it.each([
      [
        'registration that opens after it closes',
        { date: { open: '2026-03-03T00:00:00Z', close: '2026-03-02T00:00:00Z' } },
        'INVALID_CAMPAIGN',
      ],
      [
        'a presale window with one end',
        { date: { presaleWindowStart: '2026-03-03T00:00:00Z' } },
        'MISSING_PRESALE_WINDOW_DATE',
      ],
      ['a category without a presale window', { categoryId: 'rock' }, 'MISSING_PRESALE_WINDOW_DATE'],
      [
        'a presale window that ends before it begins',
        { date: { presaleWindowStart: '2026-03-03T00:00:00Z', presaleWindowEnd: '2026-03-02T00:00:00Z' } },
        'INVALID_PRESALE_WINDOW_DATE_ORDER',
      ],
      [
        'two default locales',
        {
          locales: [
            { id: 'en', isDefault: true },
            { id: 'fr', isDefault: true },
          ],
        },
        'INVALID_CAMPAIGN',
      ],
      ['no default locale', { locales: [{ id: 'en', isDefault: false }] }, 'INVALID_CAMPAIGN'],
      [
        'content for a locale that is not declared',
        { locales: [{ id: 'en', isDefault: true }], content: { de: {} } },
        'INVALID_CAMPAIGN',
      ],
      [
        'an order of questions that do not exist',
        { faqs: { landing: { open: ['6f8ad2a8-3a75-4e39-9d6c-0d2b0e1c2f3a'] } } },
        'INVALID_CAMPAIGN',
      ],
      ['contacts that do not exist', { contacts: ['0123456789abcdef01234567'] }, 'INVALID_CAMPAIGN'],
      ['linked campaigns that do not exist', { linkedCampaignIds: ['0123456789abcdef01234567'] }, 'INVALID_CAMPAIGN'],
    ])('refuses %s', async (_what, fields, type) => {
      const { error } = await test.client.post('/campaigns', { ...buildDraft(), ...fields });
      expect(error.type).toBe(type);
    });
  });

  describe('uniqueness', () => {
    it('keeps a domain for one campaign, whatever the case', async () => {
      const { domain } = await createCampaign(test.client);
      const answer = await test.client.post(
        '/campaigns',
        buildCampaign({ domain: { site: domain?.site?.toUpperCase() ?? '' } }),
      );
      expect(answer.status).toBe(400);
      expect(answer.error.type).toBe('DOMAIN_NAME_CONFLICT');
    });

    it('keeps a name for one campaign, whatever the case', async () => {
      const { name } = await createCampaign(test.client);
      const answer = await test.client.post('/campaigns', buildDraft({ name: name.toUpperCase() }));
      expect(answer.error.type).toBe('CAMPAIGN_NAME_CONFLICT');
    });

    it('holds on updates too, and nothing is written', async () => {
      const taken = await createCampaign(test.client);
      const other = await createCampaign(test.client);
      const domain = await test.client.patch(`/campaigns/${other._id}`, { domain: { site: taken.domain?.site } });
      expect(domain.error.type).toBe('DOMAIN_NAME_CONFLICT');
      const name = await test.client.patch(`/campaigns/${other._id}`, { name: taken.name });
      expect(name.error.type).toBe('CAMPAIGN_NAME_CONFLICT');
      const read = await test.client.get<Campaign>(`/campaigns/${other._id}`);
      expect(read.data).toMatchObject({ version: 1, name: other.name, domain: other.domain });
    });

    it('lets any number of campaigns have no domain', async () => {
      const [first, second] = await Promise.all([1, 2].map(() => test.client.post('/campaigns', buildDraft())));
      expect([first?.status, second?.status]).toEqual([201, 201]);
    });
  });

  describe('updating one', () => {
    it.each(['POST', 'PATCH'])('%s merges: null removes, objects merge, arrays replace', async method => {
      const { _id } = await createCampaign(test.client, { tour: { name: 'World tour' }, eventIds: ['a', 'b'] });
      const { data, status } = await test.client.request<Campaign>(method, `/campaigns/${_id}`, {
        body: { tour: null, artist: { name: 'Others' }, eventIds: ['c'] },
      });
      expect(status).toBe(200);
      expect(data).not.toHaveProperty('tour');
      expect(data.artist).toMatchObject({ name: 'Others' });
      expect(data.artist?.id).toMatch(/^artist-/);
      expect(data.eventIds).toEqual(['c']);
      expect(data.version).toBe(2);
    });

    it('lets a document that was read be edited and sent back', async () => {
      const { _id } = await createOpenCampaign(test.client);
      const read = await test.client.get<Campaign>(`/campaigns/${_id}`, { query: { showAllLocales: true } });
      const sent = await test.client.post<Campaign>(`/campaigns/${_id}`, { ...read.data, name: `${read.data.name}!` });
      expect(sent.data).toMatchObject({ name: `${read.data.name}!`, version: read.data.version + 1 });
    });

    it('lets it be sent back also when what it names has gone, or is out of reach for the sender', async () => {
      const { data: contact } = await test.client.post<{ _id: string }>('/contacts', { name: 'Short-lived' });
      const linked = await createCampaign(test.client);
      const { _id } = await createCampaign(test.client, { contacts: [contact._id], linkedCampaignIds: [linked._id] });
      await test.client.delete(`/contacts/${contact._id}`);
      const editor = test.client.as(createUserToken({ [_id]: ['update'] }));
      const read = await editor.get<Campaign>(`/campaigns/${_id}`, { query: { showAllLocales: true } });
      const sent = await editor.post<Campaign>(`/campaigns/${_id}`, { ...read.data, tour: { name: 'Edited' } });
      expect(sent.data).toMatchObject({ tour: { name: 'Edited' }, contacts: [contact._id] });
    });

    it('counts no version when nothing changes', async () => {
      const made = await createCampaign(test.client);
      const { data } = await test.client.patch<Campaign>(`/campaigns/${made._id}`, { name: made.name, tour: null });
      expect(data).toEqual(made);
    });

    it.each([
      ['_id', { _id: '0123456789abcdef01234567' }],
      ['version', { version: 7 }],
      ['audit', { audit: { createdBy: 'me' } }],
      ['statusHistory', { statusHistory: [] }],
      ['date/created', { date: { created: '2020-01-01T00:00:00Z' } }],
      ['date/opened', { date: { opened: '2020-01-01T00:00:00Z' } }],
      ['isPasswordProtected', { isPasswordProtected: true }],
    ])('refuses to write %s', async (field, patch) => {
      const { _id } = await createCampaign(test.client);
      const { error } = await test.client.patch(`/campaigns/${_id}`, patch);
      expect(error.type).toBe('VALIDATION_ERROR');
      expect(error.details).toContainEqual({ path: `/${field}`, message: 'is read-only' });
    });

    it('refuses what an open campaign must not lose', async () => {
      const { _id } = await createOpenCampaign(test.client);
      const { error } = await test.client.patch(`/campaigns/${_id}`, { artist: null, date: { close: null } });
      expect(error.type).toBe('VALIDATION_ERROR');
      expect(error.details?.map(({ path }) => path).sort()).toEqual(['/artist', '/date/close']);
    });

    it('links only campaigns that the caller may update', async () => {
      const [own, foreign] = [await createCampaign(test.client), await createCampaign(test.client)];
      const editor = test.client.as(createUserToken({ [own._id]: ['update'] }));
      const refused = await editor.patch(`/campaigns/${own._id}`, { linkedCampaignIds: [foreign._id] });
      expect(refused.error.type).toBe('UNAUTHORIZED');
      const itself = await editor.patch(`/campaigns/${own._id}`, { linkedCampaignIds: [own._id] });
      expect(itself.error.type).toBe('INVALID_CAMPAIGN');
      const linked = await test.client.patch<Campaign>(`/campaigns/${own._id}`, { linkedCampaignIds: [foreign._id] });
      expect(linked.data.linkedCampaignIds).toEqual([foreign._id]);
    });
  });

  it('reduces rich text to what is safe, and leaves other copy alone', async () => {
    const body = '<p onclick="x()">Hi <b>you</b><script>alert(1)</script><a href="javascript:x()">here</a></p>';
    const { _id } = await createCampaign(test.client, {
      content: { en: { landing: { title: 'A & B', body }, terms: 'Plain & simple' } },
    });
    const { data } = await test.client.get<Campaign>(`/campaigns/${_id}`);
    expect(data.content?.['en']?.landing).toEqual({ title: 'A & B', body: '<p>Hi <b>you</b><a>here</a></p>' });
  });

  it('shows who changed what and when, the latest first', async () => {
    const { _id } = await createOpenCampaign(test.client);
    const editor = test.client.as(createUserToken({ [_id]: ['update'] }, 'editor'));
    await editor.patch(`/campaigns/${_id}`, { tour: { name: 'Tour' } });
    const { data, meta } = await editor.get<{ cause: string; version: number; userId: string; changes: unknown }[]>(
      `/campaigns/${_id}/history`,
    );
    expect(data.map(({ cause, version, userId }) => [version, cause, userId])).toEqual([
      [3, 'campaign.updated', 'editor'],
      [2, 'campaign.status', 'supreme-user'],
      [1, 'campaign.created', 'supreme-user'],
    ]);
    expect(data[0]?.changes).toMatchObject({ before: { tour: null }, after: { tour: { name: 'Tour' } } });
    expect(meta.pagination).toEqual({ page: 0, pageSize: 10, total: 3 });
    expect((meta['statusHistory'] as { status: string }[]).map(({ status }) => status)).toEqual(['DRAFT', 'OPEN']);
    const page = await editor.get<unknown[]>(`/campaigns/${_id}/history`, { query: { page: 1, pageSize: 2 } });
    expect(page.data).toHaveLength(1);
  });

  it('shows a password nowhere, in no form', async () => {
    const { _id } = await createCampaign(test.client, { password: 'open sesame' });
    await test.client.patch(`/campaigns/${_id}`, { password: 'sesame open' });
    const read = await test.client.get<Campaign>(`/campaigns/${_id}`);
    const history = await test.client.get(`/campaigns/${_id}/history`);
    const list = await test.client.get('/campaigns/list', { query: { pageSize: 100 } });
    expect(read.data.isPasswordProtected).toBe(true);
    for (const { text } of [read, history, list]) expect(text).not.toMatch(/sesame|scrypt/);
  });

  it('has a status of its own for those who need no more', async () => {
    const { _id, domain } = await createOpenCampaign(test.client);
    const byId = await test.client.get(`/campaigns/${_id}/status`);
    const byDomain = await test.client.get('/campaigns/status', { query: { domain: domain?.site ?? '' } });
    expect(byId.data).toMatchObject({ id: _id, status: 'OPEN' });
    expect(Object.keys(byId.data as object).sort()).toEqual(['date', 'id', 'status']);
    expect(byDomain.data).toEqual(byId.data);
  });

  it('finds a campaign by its domain, whatever the case, and follows it when it moves', async () => {
    const { _id } = await createCampaign(test.client, { domain: { site: 'old-place.example.com' } });
    const find = (domain: string) => test.client.get<Campaign>('/campaigns', { query: { domain } });
    expect((await find('OLD-place.example.com')).data._id).toBe(_id);
    await test.client.patch(`/campaigns/${_id}`, { domain: { site: 'new-place.example.com' } });
    expect((await find('new-place.example.com')).data._id).toBe(_id);
    expect((await find('old-place.example.com')).error.type).toBe('CAMPAIGN_NOT_FOUND');
    const heir = await createCampaign(test.client, { domain: { site: 'old-place.example.com' } });
    expect((await find('old-place.example.com')).data._id).toBe(heir._id);
  });
});
