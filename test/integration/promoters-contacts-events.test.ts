import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ContactDocument } from '../../app/datastore/contact-document.ts';
import { type ChangeRecord, spec as changes } from '../../app/datastore/changes.ts';
import { spec as contacts } from '../../app/datastore/contacts.ts';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildContact, buildPromoter, createCampaign, createMarket } from '../support/factories.ts';
import { createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Entity {
  readonly _id: string;
  readonly name: string;
  readonly version: number;
  readonly date: { readonly created: string; readonly updated: string };
}

interface Contact extends Entity {
  readonly email?: string;
  readonly phone?: string;
  readonly role?: string;
}

describe('promoters, contacts and events over HTTP', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  describe.each([
    ['promoters', buildPromoter, { privacyPolicyUrls: { fr: 'https://example.com/fr' } }],
    ['contacts', buildContact, { role: 'manager' }],
  ] as const)('%s', (kind, build, patch) => {
    it('are made, read, listed, changed and deleted', async () => {
      const body = build();
      const made = await test.client.post<Entity>(`/${kind}`, body);
      expect([made.status, made.headers.get('location')]).toEqual([201, `/${kind}/${made.data._id}`]);
      expect(made.data).toMatchObject({ ...body, version: 1 });
      const path = `/${kind}/${made.data._id}`;
      const read = await test.client.get<Entity>(path);
      expect([read.data, read.etag]).toEqual([made.data, made.etag]);
      const listed = await test.client.get<Entity[]>(`/${kind}`);
      expect(listed.data).toContainEqual(made.data);

      for (const method of ['PATCH', 'POST']) {
        const stale = await test.client.request(method, path, { body: patch, headers: { 'if-match': '"99"' } });
        expect(stale.error.type).toBe('VERSION_MISMATCH');
      }
      const changed = await test.client.patch<Entity>(path, patch);
      expect(changed.data).toMatchObject({ ...patch, version: 2 });
      expect(changed.data.date.updated > made.data.date.updated).toBe(true);
      const sentBack = await test.client.post<Entity>(path, changed.data);
      expect(sentBack.data).toEqual(changed.data);
      const readOnly = await test.client.patch(path, { version: 9, _id: '0123456789abcdef01234567' });
      expect(readOnly.error.details?.map(({ path: at }) => at).sort()).toEqual(['/_id', '/version']);

      expect((await test.client.delete(path)).status).toBe(204);
      expect((await test.client.get(path)).status).toBe(404);
      expect((await test.client.delete(path)).status).toBe(404);
      expect((await test.client.patch(path, patch)).status).toBe(404);
    });

    it('are listed in pages, the newest first', async () => {
      const made: string[] = [];
      for (let at = 0; at < 3; at++) made.push((await test.client.post<Entity>(`/${kind}`, build())).data._id);
      const page = await test.client.get<Entity[]>(`/${kind}`, { query: { pageSize: 2 } });
      expect(page.data.map(({ _id }) => _id)).toEqual(made.slice(1).reverse());
      const names = await test.client.get<Entity[]>(`/${kind}`, {
        query: { sortBy: 'name', sortDirection: 'asc', pageSize: 100 },
      });
      const sorted = names.data.map(({ name }) => name);
      expect(sorted).toEqual([...sorted].sort());
      expect(names.meta.pagination?.total).toBe(sorted.length);
    });
  });

  describe('promoters', () => {
    it('have a name of their own, whatever the case', async () => {
      const first = await test.client.post<Entity>('/promoters', buildPromoter({ name: 'Big Shows' }));
      expect((await test.client.post('/promoters', buildPromoter({ name: 'BIG shows ' }))).error.type).toBe(
        'PROMOTER_NAME_CONFLICT',
      );
      const second = await test.client.post<Entity>('/promoters', buildPromoter());
      const renamed = await test.client.patch(`/promoters/${second.data._id}`, { name: 'big shows' });
      expect(renamed.error.type).toBe('PROMOTER_NAME_CONFLICT');
      await test.client.delete(`/promoters/${first.data._id}`);
      expect((await test.client.patch(`/promoters/${second.data._id}`, { name: 'big shows' })).status).toBe(200);
    });

    it('stay as long as a market names them', async () => {
      const { data: promoter } = await test.client.post<Entity>('/promoters', buildPromoter());
      const campaign = await createCampaign(test.client);
      const market = await createMarket(test.client, campaign._id, { promoterIds: [promoter._id] });
      expect((await test.client.delete(`/promoters/${promoter._id}`)).error.type).toBe('INVALID_CAMPAIGN');
      await test.client.patch(`/campaigns/${campaign._id}/markets/${market._id}`, { promoterIds: [] });
      expect((await test.client.delete(`/promoters/${promoter._id}`)).status).toBe(204);
    });

    it('link only to addresses of the web', async () => {
      const { error } = await test.client.post('/promoters', {
        name: 'Shady',
        privacyPolicyUrls: { en: 'javascript:alert(1)', 'not a locale': 'https://example.com' },
      });
      expect(error.details?.map(({ path }) => path).sort()).toEqual([
        '/privacyPolicyUrls/en',
        '/privacyPolicyUrls/not a locale',
      ]);
    });
  });

  describe('contacts', () => {
    it('are encrypted at rest, and only where they are private', async () => {
      const body = buildContact({ name: 'Ada', email: 'ada@example.com', phone: '+1 416 555 0199' });
      const { data } = await test.client.post<Contact>('/contacts', body);
      await test.client.patch(`/contacts/${data._id}`, { phone: '+1 416 555 0188' });
      const stored = await test.app.store.collection<ContactDocument>(contacts).findOne({ _id: data._id });
      expect(stored).toMatchObject({
        name: 'Ada',
        email: expect.stringMatching(/^enc:/),
        phone: expect.stringMatching(/^enc:/),
      });
      expect(stored?.email).not.toBe(stored?.phone);
      expect((await test.client.get<Contact>(`/contacts/${data._id}`)).data).toMatchObject({
        email: 'ada@example.com',
        phone: '+1 416 555 0188',
      });
    });

    it('leave nothing private in the record of changes, nor in the log', async () => {
      const { data } = await test.client.post<Contact>('/contacts', buildContact({ email: 'grace@example.com' }));
      await test.client.patch(`/contacts/${data._id}`, { email: 'hopper@example.com' });
      await test.client.delete(`/contacts/${data._id}`);
      const recorded = test.app.store.collection<ChangeRecord>(changes);
      const all = await until(
        () => recorded.find({ documentId: data._id }),
        found => found.length === 3,
      );
      const text = JSON.stringify([all, test.logs]);
      expect(text).not.toMatch(/grace@|hopper@|enc:v1|416 555/);
    });

    it('are read back unchanged when nothing private changes', async () => {
      const { data } = await test.client.post<Contact>('/contacts', buildContact());
      const { data: same } = await test.client.patch<Contact>(`/contacts/${data._id}`, { email: data.email });
      expect(same.version).toBe(1);
    });

    it('of a campaign are added to it, shown in order, and skipped when they are gone', async () => {
      const campaign = await createCampaign(test.client);
      const path = `/campaigns/${campaign._id}/contacts`;
      const editor = test.client.as(createUserToken({ [campaign._id]: ['update'] }));
      const first = await editor.post<Contact>(path, buildContact({ name: 'First' }));
      expect([first.status, first.headers.get('location')]).toEqual([201, `/contacts/${first.data._id}`]);
      const second = await editor.post<Contact>(path, buildContact({ name: 'Second' }));
      const read = await test.client.get<Campaign>(`/campaigns/${campaign._id}`);
      expect(read.data).toMatchObject({ contacts: [first.data._id, second.data._id], version: 3 });
      const reader = test.client.as(createUserToken({ [campaign._id]: ['read'] }));
      expect((await reader.get(path)).data).toEqual([first.data, second.data]);
      await test.client.delete(`/contacts/${first.data._id}`);
      expect((await reader.get(path)).data).toEqual([second.data]);
      // Naming the rest leaves the lost one out.
      const kept = await editor.patch<Campaign>(`/campaigns/${campaign._id}`, { contacts: [second.data._id] });
      expect(kept.data.contacts).toEqual([second.data._id]);
    });

    it('have an address and a number of the right form', async () => {
      const { error } = await test.client.post('/contacts', { name: 'X', email: 'nobody', phone: 'call me' });
      expect(error.details?.map(({ path }) => path).sort()).toEqual(['/email', '/phone']);
    });
  });

  describe('events', () => {
    interface Show extends Omit<Entity, 'name'> {
      readonly status: string;
      readonly date: Entity['date'] & { readonly end?: string };
    }

    it('are made by the first request that has a status, and changed by the next', async () => {
      expect((await test.client.post('/events/Show_1', {})).error.details).toEqual([
        { path: '/status', message: 'is required' },
      ]);
      const made = await test.client.post<Show>('/events/Show_1', {
        status: 'onsale',
        date: { end: '2026-06-01T22:00:00Z' },
      });
      expect(made.data).toMatchObject({ _id: 'Show_1', status: 'onsale', version: 1 });
      const changed = await test.client.post<Show>(
        '/events/Show_1',
        { status: 'postponed' },
        { headers: { 'if-match': made.etag } },
      );
      expect(changed.data).toMatchObject({
        status: 'postponed',
        version: 2,
        date: { end: '2026-06-01T22:00:00.000Z' },
      });
      const stale = await test.client.post(
        '/events/Show_1',
        { status: 'onsale' },
        { headers: { 'if-match': made.etag } },
      );
      expect(stale.error.type).toBe('VERSION_MISMATCH');
      const open = await test.client.post<Show>('/events/Show_1', { date: null });
      expect(open.data.date).not.toHaveProperty('end');
    });

    it('made by ten callers at once are one', async () => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => test.client.post<Show>('/events/rush', { status: 'onsale' })),
      );
      expect(answers.map(({ status, data }) => [status, data.version])).toEqual(answers.map(() => [200, 1]));
    });

    it('are listed by status and by when they end', async () => {
      for (const [id, end] of [
        ['e1', '2026-07-01T00:00:00Z'],
        ['e2', '2026-07-03T00:00:00Z'],
        ['e3', '2026-07-02T00:00:00Z'],
      ]) {
        await test.client.post(`/events/${id}`, { status: 'cancelled', date: { end } });
      }
      const ids = async (query: Record<string, string>) =>
        (await test.client.get<Show[]>('/events', { query: { status: 'cancelled', ...query } })).data.map(
          ({ _id }) => _id,
        );
      expect(await ids({})).toEqual(['e2', 'e3', 'e1']);
      expect(await ids({ until: '2026-07-02T00:00:00Z', sortDirection: 'asc' })).toEqual(['e1', 'e3']);
      expect(await ids({ status: 'offsale' })).toEqual([]);
    });
  });
});
