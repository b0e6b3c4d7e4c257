import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { type Market } from '../../schemas/market.ts';
import { startTestApp, TEST_TIME, type TestApp } from '../support/app.ts';
import { buildMarket, createCampaign, createMarket, createOpenCampaign } from '../support/factories.ts';
import { createUserToken } from '../support/tokens.ts';

const UNKNOWN_ID = '0123456789abcdef01234567';

describe('markets over HTTP', () => {
  let test: TestApp;
  let campaign: Campaign;
  let path: string;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    test.setTime(TEST_TIME);
    campaign = await createCampaign(test.client);
    path = `/campaigns/${campaign._id}/markets`;
  });

  describe('one market', () => {
    it('is made, read, changed and deleted', async () => {
      const body = buildMarket();
      const made = await test.client.post<Market>(path, body);
      expect(made.status).toBe(201);
      expect(made.headers.get('location')).toBe(`${path}/${made.data._id}`);
      // It has a presale, so its selection is asked for.
      expect(made.data).toMatchObject({
        ...body,
        campaignId: campaign._id,
        version: 1,
        selection: { status: 'pending' },
      });
      const read = await test.client.get<Market>(`${path}/${made.data._id}`);
      expect([read.data, read.etag]).toEqual([made.data, made.etag]);

      const changed = await test.client.patch<Market>(`${path}/${made.data._id}`, {
        city: 'Ottawa',
        point: null,
        event: { name: 'Night one' },
      });
      expect(changed.data).toMatchObject({ city: 'Ottawa', version: 2, event: { ...body.event, name: 'Night one' } });
      expect(changed.data).not.toHaveProperty('point');

      const stale = await test.client.delete(`${path}/${made.data._id}`, { headers: { 'if-match': made.etag } });
      expect(stale.error.type).toBe('VERSION_MISMATCH');
      const deleted = await test.client.delete(`${path}/${made.data._id}`, { headers: { 'if-match': changed.etag } });
      expect([deleted.status, deleted.text]).toEqual([204, '']);
      expect((await test.client.get(`${path}/${made.data._id}`)).error.type).toBe('MARKET_NOT_FOUND');
      expect((await test.client.delete(`${path}/${made.data._id}`)).error.type).toBe('MARKET_NOT_FOUND');
    });

    it('is one of its campaign alone', async () => {
      const { _id } = await createMarket(test.client, campaign._id);
      const other = await createCampaign(test.client);
      for (const method of ['GET', 'PATCH', 'POST', 'DELETE']) {
        const answer = await test.client.request(method, `/campaigns/${other._id}/markets/${_id}`, {
          ...(method !== 'GET' && method !== 'DELETE' && { body: { city: 'X' } }),
        });
        expect(answer.error.type).toBe('MARKET_NOT_FOUND');
      }
    });

    it('changes its selection when the presale moves, and only then', async () => {
      const { _id, selection } = await createMarket(test.client, campaign._id);
      const renamed = await test.client.patch<Market>(`${path}/${_id}`, { name: 'Renamed' });
      expect(renamed.data.selection).toEqual(selection);
      const moved = await test.client.patch<Market>(`${path}/${_id}`, {
        event: { presaleDateTime: '2026-03-15T15:00:00Z' },
      });
      expect(moved.data.selection.status).toBe('pending');
      expect(moved.data.selection.requestedAt).not.toBe(selection.requestedAt);
    });

    it.each([
      ['_id', { _id: UNKNOWN_ID }],
      ['campaignId', { campaignId: UNKNOWN_ID }],
      ['version', { version: 5 }],
      ['selection', { selection: { status: 'ready' } }],
      ['notification', { notification: { notified: true } }],
      ['date', { date: { created: '2020-01-01T00:00:00Z' } }],
    ])('does not let clients write %s', async (field, patch) => {
      const { _id } = await createMarket(test.client, campaign._id);
      const { error } = await test.client.patch(`${path}/${_id}`, patch);
      expect(error.details).toContainEqual({ path: `/${field}`, message: 'is read-only' });
    });

    it('is written by those who may update its campaign, and read by those who may read it', async () => {
      const { _id } = await createMarket(test.client, campaign._id);
      const reader = test.client.as(createUserToken({ [campaign._id]: ['read'] }));
      expect((await reader.get(`${path}/${_id}`)).status).toBe(200);
      expect((await reader.patch(`${path}/${_id}`, { city: 'X' })).error.type).toBe('UNAUTHORIZED');
      expect((await reader.delete(`${path}/${_id}`)).error.type).toBe('UNAUTHORIZED');
      const editor = test.client.as(createUserToken({ [campaign._id]: ['update'] }));
      expect((await editor.delete(`${path}/${_id}`)).status).toBe(204);
    });
  });

  describe('rules', () => {
    it('a name and a show are unique within a campaign, and free in others', async () => {
      const market = await createMarket(test.client, campaign._id, { name: 'Toronto', event: { ids: ['a', 'b'] } });
      const name = await test.client.post(path, buildMarket({ name: ' toronto' }));
      expect(name.error.type).toBe('MARKET_NAME_CONFLICT');
      const event = await test.client.post(path, buildMarket({ event: { ids: ['c', 'b'] } }));
      expect(event.error.type).toBe('MARKET_EVENT_CONFLICT');
      const other = await createMarket(test.client, campaign._id);
      const taken = await test.client.patch(`${path}/${other._id}`, { event: { ids: ['a'] } });
      expect(taken.error.type).toBe('MARKET_EVENT_CONFLICT');
      const elsewhere = await createCampaign(test.client);
      const copy = await test.client.post(
        `/campaigns/${elsewhere._id}/markets`,
        buildMarket({ name: 'Toronto', event: { ids: ['a'] } }),
      );
      expect(copy.status).toBe(201);
      await test.client.delete(`${path}/${market._id}`);
      expect((await test.client.post(path, buildMarket({ name: 'Toronto', event: { ids: ['a'] } }))).status).toBe(201);
    });

    it('any number of markets have no show at all', async () => {
      const answers = await Promise.all(
        [{}, { ids: [] }, { ids: [] }].map(event => test.client.post(path, buildMarket({ event }))),
      );
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    });

    it('dates lie within those of the campaign', async () => {
      await test.client.patch(`/campaigns/${campaign._id}`, {
        date: {
          presaleWindowStart: '2026-03-13T00:00:00Z',
          presaleWindowEnd: '2026-03-15T00:00:00Z',
          start: '2026-05-01T00:00:00Z',
          end: '2026-06-01T00:00:00Z',
        },
      });
      const refused = async (event: object) =>
        (await test.client.post(path, buildMarket({ event }))).error.details?.map(({ path: at }) => at);
      expect(await refused({ presaleDateTime: '2026-03-12T23:59:59Z' })).toEqual(['/event/presaleDateTime']);
      expect(await refused({ presaleDateTime: '2026-03-15T00:00:01Z' })).toEqual(['/event/presaleDateTime']);
      expect(await refused({ date: '2026-06-01T00:00:01Z' })).toEqual(['/event/date']);
      const fits = { presaleDateTime: '2026-03-15T00:00:00Z', date: '2026-05-01T00:00:00Z' };
      expect((await test.client.post(path, buildMarket({ event: fits }))).status).toBe(201);
    });

    it('a point is on the globe, longitude first', async () => {
      const at = async (coordinates: number[]) => {
        const answer = await test.client.post(path, { ...buildMarket(), point: { type: 'Point', coordinates } });
        return answer.errorType === undefined ? [] : answer.error.details?.map(detail => detail.path);
      };
      expect(await at([180, 90])).toEqual([]);
      expect(await at([181, -91])).toEqual(['/point/coordinates/0', '/point/coordinates/1']);
      expect(await at([1])).toEqual(['/point/coordinates']);
    });

    it('promoters exist', async () => {
      const { error } = await test.client.post(path, buildMarket({ promoterIds: [UNKNOWN_ID] }));
      expect(error).toMatchObject({ type: 'INVALID_CAMPAIGN', details: [{ path: '/promoterIds/0' }] });
    });

    it('a campaign that is INACTIVE neither gains, changes nor loses markets', async () => {
      const { _id } = await createOpenCampaign(test.client);
      const market = await createMarket(test.client, _id);
      await test.client.patch(`/campaigns/${_id}`, { status: 'CLOSED' });
      test.advance({ days: 31 });
      await test.client.post('/campaigns/refresh');
      const places = [`/campaigns/${_id}/markets`, `/campaigns/${_id}/markets/${market._id}`] as const;
      expect((await test.client.post(places[0], buildMarket())).error.type).toBe('INVALID_CAMPAIGN');
      expect((await test.client.patch(places[1], { city: 'Oslo' })).error.type).toBe('INVALID_CAMPAIGN');
      expect((await test.client.delete(places[1])).error.type).toBe('INVALID_CAMPAIGN');
      expect((await test.client.get(places[1])).status).toBe(200);
    });
  });

  it('of a protected campaign are shown to readers who know the password, as they hold the access code', async () => {
    const { _id } = await createOpenCampaign(test.client, { password: 'opensesame' });
    const market = await createMarket(test.client, _id, { event: { sharedCode: 'SECRET-CODE' } });
    const reader = test.client.as(createUserToken({ [_id]: ['read'] }));
    const own = `/campaigns/${_id}/markets`;
    for (const at of [own, `${own}?useGeoJson=true`, `${own}/${market._id}`]) {
      const without = await reader.get(at);
      expect([without.status, without.error.type]).toEqual([401, 'INVALID_CAMPAIGN_PASSWORD']);
      expect(without.text).not.toContain('SECRET-CODE');
      const known = await reader.get(at, { headers: { 'x-campaign-password': 'opensesame' } });
      expect([known.status, known.text.includes('SECRET-CODE')]).toEqual([200, true]);
    }
  });

  describe('the list', () => {
    it('is paged and sorted', async () => {
      for (const name of ['Bravo', 'Alpha', 'Charlie']) await createMarket(test.client, campaign._id, { name });
      const names = async (query: Record<string, string | number>) =>
        (await test.client.get<Market[]>(path, { query })).data.map(({ name }) => name);
      expect(await names({})).toEqual(['Charlie', 'Alpha', 'Bravo']);
      expect(await names({ sortBy: 'name', sortDirection: 'asc' })).toEqual(['Alpha', 'Bravo', 'Charlie']);
      expect(await names({ sortBy: 'name', sortDirection: 'asc', page: 1, pageSize: 2 })).toEqual(['Charlie']);
      const { meta } = await test.client.get(path, { query: { pageSize: 2 } });
      expect(meta.pagination).toEqual({ page: 0, pageSize: 2, total: 3 });
    });

    it('is a FeatureCollection when GeoJSON is wanted', async () => {
      const { point, ...nowhere } = buildMarket({ name: 'Nowhere' });
      await createMarket(test.client, campaign._id, { name: 'Somewhere', ...(point && { point }) });
      await test.client.post(path, nowhere);
      const { data } = await test.client.get<{ features: { id: string; geometry: unknown; properties: object }[] }>(
        path,
        {
          query: { useGeoJson: true },
        },
      );
      expect(data).toMatchObject({
        type: 'FeatureCollection',
        features: [
          { type: 'Feature', geometry: null, properties: { name: 'Nowhere' } },
          { type: 'Feature', geometry: point, properties: { name: 'Somewhere', campaignId: campaign._id } },
        ],
      });
      for (const feature of data.features) expect(feature.properties).not.toHaveProperty('point');
    });
  });

  describe('clones', () => {
    const clone = (body: object, client = test.client) => client.post<Market[]>(`${path}/clones`, body);

    it('bring the markets of another campaign, without reminders and selections', async () => {
      const source = await createCampaign(test.client);
      const first = await createMarket(test.client, source._id, { event: { ids: ['x'] } });
      const second = await createMarket(test.client, source._id);
      await test.client.post('/markets/notifyDate', { marketIds: [second._id], date: '2026-03-10T00:00:00Z' });
      const all = await clone({ fromCampaignId: source._id });
      expect(all.status).toBe(201);
      expect(all.data.map(({ name }) => name).sort()).toEqual([first.name, second.name].sort());
      for (const market of all.data) {
        expect(market).toMatchObject({ campaignId: campaign._id, version: 1 });
        expect(market).not.toHaveProperty('notification');
        expect([first._id, second._id]).not.toContain(market._id);
      }
      await test.client.post('/markets/notified', { marketIds: [second._id] });
    });

    it('answers the same again on a repeat, and completes what is missing', async () => {
      const source = await createCampaign(test.client);
      const first = await createMarket(test.client, source._id);
      const once = await clone({ fromCampaignId: source._id, marketIds: [first._id] });
      expect((await clone({ fromCampaignId: source._id, marketIds: [first._id] })).data).toEqual(once.data);
      const second = await createMarket(test.client, source._id);
      const both = await clone({ fromCampaignId: source._id });
      expect(both.data.map(({ name }) => name).sort()).toEqual([first.name, second.name].sort());
      const { meta } = await test.client.get(path);
      expect(meta.pagination?.total).toBe(2);
    });

    it('made by five callers at once are one set', async () => {
      const source = await createCampaign(test.client);
      for (let at = 0; at < 3; at++) await createMarket(test.client, source._id);
      const answers = await Promise.all(Array.from({ length: 5 }, () => clone({ fromCampaignId: source._id })));
      const ids = answers.map(({ data }) =>
        data
          .map(({ _id }) => _id)
          .sort()
          .join(),
      );
      expect(new Set(ids).size).toBe(1);
      const { meta } = await test.client.get(path);
      expect(meta.pagination?.total).toBe(3);
    });

    it('are checked as a whole first: a conflict leaves nothing behind', async () => {
      const source = await createCampaign(test.client);
      await createMarket(test.client, source._id, { name: 'Free' });
      await createMarket(test.client, source._id, { name: 'Taken', event: { ids: ['taken'] } });
      const present = await createMarket(test.client, campaign._id, { name: 'taken', event: { ids: ['other'] } });
      expect((await clone({ fromCampaignId: source._id })).error.type).toBe('MARKET_NAME_CONFLICT');
      await test.client.patch(`${path}/${present._id}`, { name: 'Else', event: { ids: ['taken'] } });
      expect((await clone({ fromCampaignId: source._id })).error.type).toBe('MARKET_EVENT_CONFLICT');
      const { data } = await test.client.get<Market[]>(path);
      expect(data.map(({ _id }) => _id)).toEqual([present._id]);
    });

    it('are taken back when somebody takes a name meanwhile', async () => {
      const source = await createCampaign(test.client);
      for (const name of ['One', 'Two', 'Three', 'Four']) await createMarket(test.client, source._id, { name });
      const [cloned, rival] = await Promise.all([
        clone({ fromCampaignId: source._id }),
        test.client.post<Market>(path, buildMarket({ name: 'Three' })),
      ]);
      const names = (await test.client.get<Market[]>(path)).data.map(({ name }) => name).sort();
      // Either came first; never half of the clones.
      if (cloned.status === 201)
        expect([names, rival.errorType]).toEqual([['Four', 'One', 'Three', 'Two'], 'MARKET_NAME_CONFLICT']);
      else expect([names, cloned.errorType]).toEqual([['Three'], 'MARKET_NAME_CONFLICT']);
    });

    it('need update on both campaigns, another campaign, and markets that are its', async () => {
      const source = await createCampaign(test.client);
      await createMarket(test.client, source._id);
      const half = test.client.as(createUserToken({ [campaign._id]: ['update'], [source._id]: ['read'] }));
      expect((await clone({ fromCampaignId: source._id }, half)).error.type).toBe('UNAUTHORIZED');
      expect((await clone({ fromCampaignId: UNKNOWN_ID })).error.type).toBe('CAMPAIGN_NOT_FOUND');
      expect((await clone({ fromCampaignId: campaign._id })).error.type).toBe('INVALID_CAMPAIGN');
      const foreign = await createMarket(test.client, campaign._id);
      const wrong = await clone({ fromCampaignId: source._id, marketIds: [foreign._id] });
      expect(wrong.error).toMatchObject({ type: 'INVALID_CAMPAIGN', details: [{ path: '/marketIds/0' }] });
    });
  });

  describe('reminders', () => {
    const list = async (kind: string): Promise<string[]> =>
      (await test.client.get<Market[]>(`/markets/${kind}`, { query: { pageSize: 100 } })).data.map(({ _id }) => _id);

    it('go from a date to being due to being done', async () => {
      const market = await createMarket(test.client, campaign._id);
      const other = await createMarket(test.client, campaign._id);
      const set = await test.client.post<Market[]>('/markets/notifyDate', [
        { marketId: market._id, date: '2026-03-10T12:00:00Z' },
        { marketId: other._id, date: '2026-03-11T12:00:00Z' },
      ]);
      expect(set.data.map(({ notification }) => notification)).toEqual([
        { date: '2026-03-10T12:00:00.000Z', notified: false },
        { date: '2026-03-11T12:00:00.000Z', notified: false },
      ]);
      expect(await list('notifiable')).toEqual([]);
      test.setTime('2026-03-10T12:00:00Z');
      expect(await list('notifiable')).toEqual([market._id]);
      test.setTime('2026-03-11T12:00:00Z');
      expect(await list('notifiable')).toEqual([market._id, other._id]);
      const done = await test.client.post('/markets/notified', { marketIds: [market._id, UNKNOWN_ID] });
      expect(done.data).toEqual({ notified: [market._id], missing: [UNKNOWN_ID] });
      expect(await list('notifiable')).toEqual([other._id]);
      await test.client.delete(`${path}/${other._id}`);
      expect(await list('notifiable')).toEqual([]);
    });

    it('repeat harmlessly: the same date does not make a market due again, another does', async () => {
      const { _id } = await createMarket(test.client, campaign._id);
      const setTo = (date: string) => test.client.post<Market[]>('/markets/notifyDate', { marketIds: [_id], date });
      await setTo('2026-03-10T12:00:00Z');
      await test.client.post('/markets/notified', { marketIds: [_id] });
      const repeated = await setTo('2026-03-10T12:00:00Z');
      expect(repeated.data[0]).toMatchObject({ version: 3, notification: { notified: true } });
      const again = await setTo('2026-03-11T12:00:00Z');
      expect(again.data[0]?.notification).toEqual({ date: '2026-03-11T12:00:00.000Z', notified: false });
    });

    it('are from now to the presale, of markets that have one; all are checked before any is written', async () => {
      const market = await createMarket(test.client, campaign._id);
      const bare = await createMarket(test.client, campaign._id, { event: {} });
      const refused = async (marketIds: string[], date: string) =>
        (await test.client.post('/markets/notifyDate', { marketIds, date })).error;
      expect((await refused([market._id], '2026-03-14T15:00:01Z')).type).toBe('INVALID_CAMPAIGN');
      expect((await refused([market._id], '2026-02-28T12:00:00Z')).type).toBe('INVALID_CAMPAIGN');
      const mixed = await refused([market._id, bare._id, UNKNOWN_ID], '2026-03-10T12:00:00Z');
      expect(mixed.details?.map(({ path: at }) => at)).toEqual(['/marketIds/1', '/marketIds/2']);
      expect((await test.client.get<Market>(`${path}/${market._id}`)).data.version).toBe(1);
    });

    it('show presales that begin in 2 to 27 hours, of campaigns that remind by themselves', async () => {
      const [asked, silent] = [
        await createOpenCampaign(test.client, { options: { automatedReminders: true } }),
        await createOpenCampaign(test.client),
      ];
      const at = (id: string, presaleDateTime: string) => createMarket(test.client, id, { event: { presaleDateTime } });
      await at(silent._id, '2026-03-20T00:00:00Z');
      const near = await at(asked._id, '2026-03-20T00:00:00Z');
      const far = await at(asked._id, '2026-03-20T20:00:00Z');
      test.setTime('2026-03-18T20:59:59Z');
      expect(await list('upcoming')).toEqual([]);
      test.setTime('2026-03-18T21:00:00Z');
      expect(await list('upcoming')).toEqual([near._id]);
      test.setTime('2026-03-19T21:59:59Z');
      expect(await list('upcoming')).toEqual([near._id, far._id]);
      test.setTime('2026-03-19T22:00:01Z');
      expect(await list('upcoming')).toEqual([far._id]);
    });
  });
});
