import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel, receiveStates } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface State {
  readonly campaignId: string;
  readonly version: number;
  readonly changeId: string;
  readonly state: Record<string, unknown>;
}

const UNKNOWN_ID = '0123456789abcdef01234567';

describe('live states over HTTP', () => {
  let test: TestApp;
  let campaignId: string;
  let identifier: string;
  let clients: ChannelClient[];

  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    clients = [];
    const campaign = await createCampaign(test.client);
    campaignId = campaign._id;
    identifier = campaign.identifier ?? '';
  });
  afterEach(() => {
    for (const client of clients) client.close();
  });

  const connect = async (token = createSupremeToken()): Promise<ChannelClient> => {
    const client = await connectChannel(test.url, token);
    clients.push(client);
    return client;
  };
  const emit = (action: string, payload: object, envelope: object = {}, token = createSupremeToken()) =>
    test.client.as(token).post<{ type: string; causeId: string; payload: Record<string, unknown> }>('/nexus/events', {
      type: `${action}:v1:requested`,
      eventId: randomUUID(),
      payload,
      ...envelope,
    });
  const update = async (updates: object) => (await emit('campaign:update', { campaignId, updates })).data.payload;
  const read = (path = '', options = {}) => test.client.get<State>(`/campaigns/${campaignId}/state${path}`, options);

  it('are read now and at a version, and answered with 304 to those who have them', async () => {
    const first = await read();
    expect(first.data).toMatchObject({ campaignId, version: 1, state: { campaign: { id: campaignId } } });
    expect(first.headers.get('cache-control')).toBe('private, no-store');
    const known = { headers: { 'if-none-match': first.etag } };
    expect((await read('', known)).status).toBe(304);
    await update({ title: 'Second' });
    const second = await read('', known);
    expect(second.data).toMatchObject({ version: 2, state: { title: 'Second' } });
    expect((await read('?version=1', known)).status).toBe(304);
    const missing = await read('?version=99');
    expect([missing.status, missing.error.type]).toEqual([404, 'STATE_VERSION_NOT_FOUND']);
  });

  it('are found by every name of their campaign, by those who may read it', async () => {
    const reader = test.client.as(createUserToken({ [campaignId]: ['read'] }));
    expect((await reader.get<State>(`/campaigns/${identifier}/state`)).data.campaignId).toBe(campaignId);
    for (const name of ['nobody-has-it', UNKNOWN_ID]) {
      const [hidden, absent] = [
        await reader.get(`/campaigns/${name}/state`),
        await test.client.get(`/campaigns/${name}/state`),
      ];
      expect([hidden.status, absent.status]).toEqual([403, 404]);
    }
    const other = test.client.as(createUserToken({ [UNKNOWN_ID]: ['update'] }));
    for (const name of [campaignId, identifier]) {
      expect((await other.get(`/campaigns/${name}/state`)).status).toBe(403);
      expect((await other.get(`/campaigns/${name}/state/history`)).status).toBe(403);
      expect((await other.post(`/campaigns/${name}/state/rollback`, { toVersion: 1 })).status).toBe(403);
      expect((await test.client.as(null).get(`/campaigns/${name}/state`)).status).toBe(401);
    }
  });

  it('show the variant that is the caller’s, and all of them to those who may change them', async () => {
    await update({ title: 'Plain', variants: { bold: { weight: 1, overlay: { title: 'Bold' } } } });
    expect((await read()).data.state).toMatchObject({ title: 'Plain', variants: { bold: { weight: 1 } } });
    const reader = test.client.as(createUserToken({ [campaignId]: ['read'] }));
    const seen = await reader.get<State>(`/campaigns/${campaignId}/state`);
    expect(seen.data.state).toMatchObject({ title: 'Bold' });
    expect(seen.data.state).not.toHaveProperty('variants');
    // What one of them has is not what the other one sees.
    const other = await read('', { headers: { 'if-none-match': seen.etag } });
    expect(other.status).toBe(200);
  });

  it('have a history, a part at a time', async () => {
    for (const title of ['a', 'b', 'c']) await update({ title });
    interface History {
      changes: { version: number; cause: string; by: string }[];
    }
    const history = async (query: string) =>
      (await test.client.get<History>(`/campaigns/${campaignId}/state/history${query}`)).data.changes;
    expect((await history('')).map(({ version, cause }) => [version, cause])).toEqual([
      [4, 'update'],
      [3, 'update'],
      [2, 'update'],
      [1, 'created'],
    ]);
    expect((await history('?limit=2&before=4')).map(({ version }) => version)).toEqual([3, 2]);
    expect((await history('?limit=1'))[0]?.by).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('go back to an older version: subscribers see it at once, and the bus tells of it', async () => {
    await update({ title: 'Before' });
    await update({ title: 'After' });
    const subscriber = await connect(createUserToken({ [campaignId]: ['read'] }));
    await subscriber.ask('campaign:subscribe', { campaignId });
    await subscriber.ask('nexus:subscribe', { types: ['campaign:rollback:*'] });
    const { data } = await test.client.post<State>(
      `/campaigns/${campaignId}/state/rollback`,
      { toVersion: 2, expectedVersion: 3 },
      { headers: { 'x-correlation-id': 'rollback-1' } },
    );
    expect(data).toMatchObject({ campaignId, version: 4, outcome: 'committed' });
    expect((await receiveStates(subscriber, 2))[1]).toMatchObject({ version: 4, patch: { title: 'Before' } });
    const life = await until(
      () => subscriber.events.filter(({ type }) => type.startsWith('campaign:rollback:')),
      events => events.length >= 3,
    );
    expect(life.map(({ type }) => type.split(':').at(-1))).toEqual(['requested', 'started', 'success']);
    expect(life[2]?.metadata).toMatchObject({
      correlation: 'rollback-1',
      campaign: { campaignId },
      user: { userId: 'supreme-user' },
    });
  });

  it('go back once for each idempotency key', async () => {
    await update({ title: 'Once' });
    const roll = (body: object, token?: string) =>
      (token === undefined ? test.client : test.client.as(token)).post<State>(
        `/campaigns/${campaignId}/state/rollback`,
        body,
        { headers: { 'idempotency-key': 'the same / key' } },
      );
    const first = await roll({ toVersion: 1 });
    await update({ title: 'Later' });
    const again = await roll({ toVersion: 1 });
    expect(again.data).toMatchObject({ version: first.data.version, outcome: 'repeated' });
    const other = await roll({ toVersion: 2 });
    expect([other.status, other.error.type]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    // Another user's key is another one.
    expect((await roll({ toVersion: 2 }, createSupremeToken('somebody-else'))).data.version).toBe(5);
  });

  it('go back only from the version that is expected, and to one that there was', async () => {
    const roll = (body: object) => test.client.post<State>(`/campaigns/${campaignId}/state/rollback`, body);
    const never = await roll({ toVersion: 7 });
    expect([never.status, never.error.type]).toEqual([404, 'STATE_VERSION_NOT_FOUND']);
    await update({ title: 'New' });
    const stale = await roll({ toVersion: 1, expectedVersion: 1 });
    expect([stale.status, stale.error.type]).toEqual([412, 'VERSION_MISMATCH']);
    expect((await read()).data.version).toBe(2);
    const partial = test.client.as(createUserToken({ [campaignId]: ['read', 'state:update'] }));
    expect((await partial.post(`/campaigns/${identifier}/state/rollback`, { toVersion: 1 })).status).toBe(403);
  });

  it('stand in a campaign that is asked for with them', async () => {
    await update({ title: 'Shown' });
    interface WithState {
      readonly _id: string;
      readonly name: string;
      readonly metadata?: { readonly state: State };
    }
    const plain = await test.client.get<WithState>(`/campaigns/${campaignId}`);
    expect(plain.data).not.toHaveProperty('metadata');
    const whole = await test.client.get<WithState>(`/campaigns/${campaignId}?include=state`);
    expect(whole.data).toMatchObject({ ...plain.data, metadata: { state: { version: 2, state: { title: 'Shown' } } } });
    expect(whole.meta.locale).toBe(plain.meta.locale);
    const known = { headers: { 'if-none-match': whole.etag } };
    expect((await test.client.get(`/campaigns/${campaignId}?include=state`, known)).status).toBe(304);
    await update({ title: 'New' });
    expect((await test.client.get(`/campaigns/${campaignId}?include=state`, known)).status).toBe(200);
    // Its tag is that of the document as well.
    const headers = { 'if-match': whole.etag };
    expect((await test.client.patch(`/campaigns/${campaignId}`, { tour: { name: 'T' } }, { headers })).status).toBe(
      200,
    );
    expect((await test.client.patch(`/campaigns/${campaignId}`, { tour: { name: 'U' } }, { headers })).status).toBe(
      412,
    );
  });

  describe('by an event that is a request', () => {
    it('are changed, and subscribers see it', async () => {
      const subscriber = await connect();
      await subscriber.ask('campaign:subscribe', { campaignId });
      const eventId = randomUUID();
      const { data } = await emit('campaign:update', { campaignId, updates: { title: 'Posted' } }, { eventId });
      expect(data).toMatchObject({
        type: 'campaign:update:v1:success',
        causeId: eventId,
        payload: { campaignId, version: 2 },
        metadata: { campaign: { campaignId }, user: { userId: 'supreme-user' } },
      });
      expect((await receiveStates(subscriber, 2))[1]).toMatchObject({ version: 2, patch: { title: 'Posted' } });
      // The same request over the channel is a repeat.
      const repeat = await subscriber.ask('campaign:update', { campaignId, updates: { title: 'Posted' } }, { eventId });
      expect(repeat.payload).toMatchObject({ version: 2, outcome: 'repeated' });
    });

    it('are asked for under the names of older senders, and by nobody else than the caller', async () => {
      const body = { type: 'campaign:state:request', event_id: 'e-1', payload: { campaign_id: campaignId } };
      const old = await test.client.post<{ payload: State }>('/nexus/events', body);
      expect(old.data.payload).toMatchObject({ campaignId, version: 1 });
      const metadata = { user: { userId: 'supreme-user' }, correlation: 'mine' };
      const pretender = createUserToken({ [campaignId]: ['read'] }, 'pretender');
      const refused = await emit('campaign:update', { campaignId, updates: {} }, { metadata }, pretender);
      expect([refused.status, refused.error.type]).toEqual([403, 'UNAUTHORIZED']);
    });

    it('are refused with the status of the error', async () => {
      const answers = await Promise.all([
        emit('campaign:dance', {}),
        emit('campaign:list', {}, { type: 'campaign:list:v1:success' }),
        emit('campaign:list', {}, { timestamp: '2020-01-01T00:00:00Z' }),
        emit('campaign:state', { campaignId: UNKNOWN_ID }),
        emit('campaign:update', { campaignId, updates: {}, expectedVersion: 9 }),
        emit('campaign:subscribe', { campaignId }),
        emit('campaign:stream_state', { campaignId }),
        emit('nexus:subscribe', { types: ['*'] }),
        emit('campaign:update', { campaignId, updates: {} }, { eventId: 'not an id' }),
        emit('auth:refresh', { token: 'abc' }),
      ]);
      expect(answers.map(({ status, errorType }) => [status, errorType])).toEqual([
        [400, 'EVENT_TYPE_UNKNOWN'],
        [400, 'EVENT_TYPE_UNKNOWN'],
        [410, 'EVENT_EXPIRED'],
        [404, 'CAMPAIGN_NOT_FOUND'],
        [412, 'VERSION_MISMATCH'],
        [400, 'VALIDATION_ERROR'],
        [400, 'VALIDATION_ERROR'],
        [400, 'VALIDATION_ERROR'],
        [400, 'VALIDATION_ERROR'],
        [403, 'UNAUTHORIZED'],
      ]);
    });
  });
});

it('say why they do not answer where they are switched off', async () => {
  const test = await startTestApp({ variables: { CAMPAIGN_STATE_ENABLED: 'false' } });
  const { _id } = await createCampaign(test.client);
  const answers = await Promise.all([
    test.client.get(`/campaigns/${_id}/state`),
    test.client.get(`/campaigns/${_id}/state/history`),
    test.client.get(`/campaigns/${_id}?include=state`),
    test.client.post(`/campaigns/${_id}/state/rollback`, { toVersion: 1 }),
    test.client.post('/nexus/events', {
      type: 'campaign:state:v1:requested',
      eventId: 'e',
      payload: { campaignId: _id },
    }),
  ]);
  for (const { status, error } of answers) {
    expect([status, error.type]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    expect(error.message).toContain('CAMPAIGN_STATE_ENABLED');
  }
  expect((await test.client.get(`/campaigns/${_id}`)).status).toBe(200);
  await test.stop();
});

it('are served by a process that has the API and no channel', async () => {
  const test = await startTestApp({ variables: { ROLES: 'web' } });
  const { _id } = await createCampaign(test.client);
  expect((await test.client.get<State>(`/campaigns/${_id}/state`)).data.version).toBe(1);
  await expect(connectChannel(test.url, createSupremeToken())).rejects.toThrow();
  expect(await test.stop()).toBe(0);
});
