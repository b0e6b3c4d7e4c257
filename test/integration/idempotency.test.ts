import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Client } from '../support/client.ts';
import { buildCampaign, buildContact, buildMarket, buildPromoter, createCampaign } from '../support/factories.ts';
import { describeStores } from '../support/stores.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

describeStores('an Idempotency-Key', target => {
  let test: TestApp;
  let campaign: Campaign;
  beforeAll(async () => {
    test = await startTestApp({}, target);
    campaign = await createCampaign(test.client);
  });
  afterAll(() => test.stop());

  const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
  const post = (path: string, body: unknown, key: string, client: Client = test.client) =>
    client.post<{ _id: string; name: string }>(path, body, keyed(key));

  const kinds = [
    ['campaigns', () => '/campaigns', buildCampaign],
    ['markets', () => `/campaigns/${campaign._id}/markets`, buildMarket],
    ['contacts', () => '/contacts', buildContact],
    ['promoters', () => '/promoters', buildPromoter],
    ['contacts of a campaign', () => `/campaigns/${campaign._id}/contacts`, buildContact],
  ] as const;

  describe.each(kinds)('of %s', (_kind, at, build: () => { name: string }) => {
    it('gives the same document again', async () => {
      const [key, body] = [randomUUID(), build()];
      const first = await post(at(), body, key);
      const second = await post(at(), body, key);
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.data).toEqual(first.data);
      expect(second.headers.get('location')).toBe(first.headers.get('location'));
    });

    it('is refused with another body, and nothing is made', async () => {
      const key = randomUUID();
      await post(at(), build(), key);
      const other = build();
      const { status, error } = await post(at(), other, key);
      expect([status, error.type]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
      // The name is still free.
      expect((await post(at(), other, randomUUID())).status).toBe(201);
    });

    it('is another for another user', async () => {
      const key = randomUUID();
      const mine = await post(at(), build(), key);
      const theirs = await post(at(), build(), key, test.client.as(createSupremeToken('another')));
      expect(theirs.status).toBe(201);
      expect(theirs.data._id).not.toBe(mine.data._id);
    });

    it('used by ten callers at once makes one document', async () => {
      const [key, body] = [randomUUID(), build()];
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(at(), body, key)));
      expect(answers.map(({ status, text }) => (status === 201 ? 201 : text))).toEqual(answers.map(() => 201));
      expect(new Set(answers.map(({ data }) => data._id)).size).toBe(1);
    });
  });

  it('is another on another route', async () => {
    const key = randomUUID();
    const [contact, promoter] = [
      await post('/contacts', buildContact(), key),
      await post('/promoters', buildPromoter(), key),
    ];
    expect([contact.status, promoter.status]).toEqual([201, 201]);
    const elsewhere = await createCampaign(test.client);
    const body = buildMarket();
    const here = await post(`/campaigns/${campaign._id}/markets`, body, key);
    const there = await post(`/campaigns/${elsewhere._id}/markets`, body, key);
    expect(there.data._id).not.toBe(here.data._id);
  });

  it('gives the document as it is now, when it changed since', async () => {
    const [key, body] = [randomUUID(), buildCampaign()];
    const { data } = await post('/campaigns', body, key);
    const changed = await test.client.patch<Campaign>(`/campaigns/${data._id}`, { name: `${body.name} renamed` });
    expect((await post('/campaigns', body, key)).data).toEqual(changed.data);
  });

  it('gives the last content of a document that was deleted, and does not make it again', async () => {
    const [key, body, path] = [randomUUID(), buildMarket(), `/campaigns/${campaign._id}/markets`];
    const { data } = await post(path, body, key);
    const changed = await test.client.patch<object>(`${path}/${data._id}`, { city: 'Ottawa' });
    await test.client.delete(`${path}/${data._id}`);
    // Until the deletion is recorded, the service asks to be asked again.
    const again = await until(
      () => post(path, body, key),
      ({ status }) => status !== 503,
    );
    expect(again.status).toBe(201);
    // The deletion is a version of its own.
    expect(again.data).toEqual({ ...changed.data, version: 3 });
    expect((await test.client.get(`${path}/${data._id}`)).error.type).toBe('MARKET_NOT_FOUND');
    expect((await post(path, buildMarket(), key)).error.type).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('gives a campaign again although a contact that it names was deleted since', async () => {
    const contact = (await post('/contacts', buildContact(), randomUUID())).data._id;
    const [key, body] = [randomUUID(), buildCampaign({ contacts: [contact] })];
    const first = await post('/campaigns', body, key);
    await test.client.delete(`/contacts/${contact}`);
    const second = await post('/campaigns', body, key);
    expect([second.status, second.data]).toEqual([201, first.data]);
  });

  it('does not bring a deleted contact back to its campaign', async () => {
    const { _id } = await createCampaign(test.client);
    const [key, body, path] = [randomUUID(), buildContact(), `/campaigns/${_id}/contacts`];
    const contact = (await post(path, body, key)).data._id;
    await test.client.delete(`/contacts/${contact}`);
    await test.client.patch(`/campaigns/${_id}`, { contacts: null });
    const again = await until(
      () => post(path, body, key),
      ({ status }) => status !== 503,
    );
    expect([again.status, again.data._id]).toEqual([201, contact]);
    expect((await test.client.get<Campaign>(`/campaigns/${_id}`)).data).not.toHaveProperty('contacts');
  });

  it('does not bring a deleted promoter back, for readers of the cache either', async () => {
    const [key, body] = [randomUUID(), buildPromoter()];
    const { _id } = (await post('/promoters', body, key)).data;
    await test.client.delete(`/promoters/${_id}`);
    await until(
      () => post('/promoters', body, key),
      ({ status }) => status !== 503,
    );
    expect((await test.client.get(`/promoters/${_id}`)).error.type).toBe('PROMOTER_NOT_FOUND');
  });

  it('is no key when it is empty or too long', async () => {
    for (const key of ['', 'x'.repeat(256)]) {
      const { error } = await post('/contacts', buildContact(), key);
      expect(error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: '/idempotency-key' }] });
    }
  });

  it('of a request that was refused can be used again', async () => {
    const key = randomUUID();
    expect((await post('/campaigns', {}, key)).error.type).toBe('VALIDATION_ERROR');
    expect((await post('/campaigns', buildCampaign(), key)).status).toBe(201);
  });
});
