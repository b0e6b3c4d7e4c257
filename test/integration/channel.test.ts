import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel, receiveStates, type Refusal } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken, createToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const STATE = 'campaign:state:v1:success';
const CLOSED = 'connection:close:v1:completed';

describe('the channel', () => {
  let test: TestApp;
  let campaignId: string;
  let opened: ChannelClient[];

  beforeAll(async () => {
    test = await startTestApp({
      time: 'real',
      variables: { CHANNEL_MAX_SUBSCRIPTIONS: '2', CHANNEL_MAX_CONNECTIONS_PER_USER: '3' },
    });
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    opened = [];
    ({ _id: campaignId } = await createCampaign(test.client));
  });
  afterEach(async () => {
    for (const client of opened) client.close();
    await until(
      () => test.client.get('/metrics').then(({ text }) => text),
      text => /^channel_connections 0$/m.test(text),
    );
  });

  const connect = async (token: unknown = createSupremeToken(), options = {}): Promise<ChannelClient> => {
    const client = await connectChannel(test.url, token, options);
    opened.push(client);
    return client;
  };
  const update = (client: ChannelClient, updates: object, envelope = {}) =>
    client.ask('campaign:update', { campaignId, updates }, envelope);

  describe('lets in', () => {
    it.each([
      ['no token', null],
      ['what is no text', { $ne: '' }],
      ['garbage', 'garbage'],
      ['a token of another key', createToken({ userId: 'x', supreme: true }, { secret: 'y'.repeat(40) })],
      ['an expired token', createToken({ userId: 'x', supreme: true }, { expiresInSeconds: -60 })],
      ['a token without a user', createToken({ supreme: true })],
      ['a token that is too long', 'x'.repeat(20_000)],
    ])('nobody with %s', async (_case, token) => {
      const refusal = await connect(token).catch((error: unknown) => error as Refusal);
      expect((refusal as Refusal).data).toMatchObject({ error: { type: 'UNAUTHENTICATED' }, isRetryable: false });
    });

    it('so many connections of a user, and others all the same', async () => {
      for (let count = 0; count < 3; count++) await connect(createUserToken({}, 'ann'));
      const refusal = await connect(createUserToken({}, 'ann')).catch((error: unknown) => error as Refusal);
      expect((refusal as Refusal).data).toMatchObject({ error: { type: 'LIMIT_EXCEEDED' }, isRetryable: true });
      await connect(createUserToken({}, 'bob'));
      opened.shift()?.close();
      await until(
        () =>
          connect(createUserToken({}, 'ann')).then(
            () => true,
            () => false,
          ),
        Boolean,
      );
    });

    it('those who begin by long polling', async () => {
      const client = await connect(undefined, { transports: ['polling', 'websocket'] });
      await client.ask('campaign:subscribe', { campaignId });
      expect((await receiveStates(client, 1))[0]).toMatchObject({ version: 1 });
      const polling = await connect(undefined, { transports: ['polling'] });
      await polling.ask('campaign:subscribe', { campaignId });
      await update(client, { title: 'x' });
      expect(await receiveStates(polling, 2)).toMatchObject([{ version: 1 }, { version: 2, patch: { title: 'x' } }]);
    });
  });

  describe('answers each request once', () => {
    it('with a type, an id of its own and the cause', async () => {
      const client = await connect();
      const answer = await update(
        client,
        { title: 'One' },
        { eventId: 'event-1', metadata: { user: { userId: 'admin' } } },
      );
      expect(answer).toMatchObject({
        type: 'campaign:update:v1:success',
        causeId: 'event-1',
        payload: { campaignId, version: 2, outcome: 'committed' },
        metadata: { user: { userId: 'supreme-user' }, campaign: { campaignId }, correlation: 'event-1' },
      });
    });

    it('as an event where it is not acknowledged', async () => {
      const client = await connect();
      client.socket.emit('event', {
        type: 'campaign:state:request',
        event_id: 'e-7',
        payload: { campaign_id: campaignId },
      });
      const [answer] = await until(
        () => client.events,
        events => events.length === 1,
      );
      expect(answer).toMatchObject({ type: STATE, causeId: 'e-7', payload: { version: 1 } });
    });

    it.each([
      ['nothing', []],
      ['no object', ['text']],
      ['null', [null]],
      ['no type', [{}]],
      ['a type of another form', [{ type: 'x', eventId: 'e' }]],
      ['no event id', [{ type: 'campaign:state:v1:requested' }]],
      ['a payload that is no object', [{ type: 'campaign:state:v1:requested', eventId: 'e', payload: [] }]],
      ['a payload that lacks something', [{ type: 'campaign:state:v1:requested', eventId: 'e', payload: {} }]],
      ['bytes', [Buffer.from('x')]],
    ])('also %s', async (_case, args) => {
      const client = await connect();
      const answer = await client.send('event', ...args);
      expect(answer.type).toMatch(/:failed$/);
      expect(answer.payload.error?.type).toBe('VALIDATION_ERROR');
    });

    it('also what cannot be asked for', async () => {
      const client = await connect();
      const types = ['campaign:dance:v1', 'campaign:update:v2', 'nobody:update:v1'];
      for (const type of types) {
        const answer = await client.ask('', {}, { type: `${type}:requested` });
        expect(answer).toMatchObject({ type: `${type}:failed`, payload: { error: { type: 'EVENT_TYPE_UNKNOWN' } } });
      }
      const answer = await client.send('update', { type: 'campaign:update:v1:requested', eventId: 'e' });
      expect(answer.payload.error?.type).toBe('EVENT_TYPE_UNKNOWN');
    });

    it('also what waited too long', async () => {
      const client = await connect();
      const answer = await update(client, { title: 'x' }, { timestamp: '2020-01-01T00:00:00Z' });
      expect(answer.payload.error?.type).toBe('EVENT_EXPIRED');
    });

    it('a repeat with the version that it had, and another body by that name not at all', async () => {
      const client = await connect();
      const eventId = randomUUID();
      await update(client, { title: 'One' }, { eventId });
      await update(client, { title: 'Two' });
      expect((await update(client, { title: 'One' }, { eventId })).payload).toMatchObject({
        version: 2,
        outcome: 'repeated',
      });
      const other = await update(client, { title: 'Other' }, { eventId });
      expect(other.payload.error?.type).toBe('IDEMPOTENCY_KEY_REUSED');
    });
  });

  describe('changes a state', () => {
    it('by every kind of request', async () => {
      const client = await connect();
      const steps: [string, object][] = [
        ['campaign:update', { updates: { title: 'One', status: null } }],
        ['campaign:feature', { features: ['a', 'b', 'a'], action: 'set' }],
        ['campaign:config', { configType: 'ui_content', config: { banner: 'Hello' } }],
        [
          'campaign:batch',
          {
            operations: [
              { kind: 'update', updates: { title: 'Two' } },
              { kind: 'feature', features: ['a'], action: 'remove' },
            ],
          },
        ],
        ['campaign:rollback', { toVersion: 4 }],
      ];
      const versions: unknown[] = [];
      for (const [action, payload] of steps) {
        const { payload: answer } = await client.ask(action, { campaignId, ...payload });
        versions.push(answer['version']);
      }
      expect(versions).toEqual([2, 3, 4, 5, 6]);
      const { payload } = await client.ask('campaign:state', { campaignId });
      expect(payload).toMatchObject({
        version: 6,
        state: { title: 'One', features: ['a', 'b'], ui_content: { banner: 'Hello' } },
      });
      const old = await client.ask('campaign:state', { campaignId, version: 5 });
      expect(old.payload).toMatchObject({ version: 5, state: { title: 'Two', features: ['b'] } });
      const history = await client.ask('campaign:history', { campaignId, limit: 2, before: 6 });
      expect(history.payload['changes']).toMatchObject([
        { version: 5, cause: 'batch' },
        { version: 4, cause: 'config' },
      ]);
      const none = await client.ask('campaign:state', { campaignId, version: 99 });
      expect(none.payload.error?.type).toBe('STATE_VERSION_NOT_FOUND');
    });

    it('only from the version that is expected, and says what was missed', async () => {
      const client = await connect();
      await update(client, { title: 'One' });
      await update(client, { title: 'Two' });
      const { payload } = await client.ask('campaign:update', { campaignId, updates: {}, expectedVersion: 2 });
      expect(payload).toMatchObject({
        error: { type: 'VERSION_MISMATCH' },
        currentVersion: 3,
        versions: [{ version: 3, patch: { title: 'Two' } }],
      });
      expect(
        (await client.ask('campaign:update', { campaignId, updates: {}, expectedVersion: 3 })).payload['version'],
      ).toBe(4);
    });

    it('under every name of the campaign', async () => {
      const client = await connect();
      const { identifier } = await createCampaign(test.client, { identifier: 'default-campaign' });
      const byZero = await client.ask('campaign:state', { campaignId: 0 });
      const byText = await client.ask('campaign:state', { campaignId: '0' });
      const byName = await client.ask('campaign:state', { campaignId: identifier });
      expect(byZero.payload['campaignId']).toBe(byName.payload['campaignId']);
      expect(byText.payload['campaignId']).toBe(byName.payload['campaignId']);
      for (const unknown of ['nobody-has-it', '0123456789abcdef01234567']) {
        expect((await client.ask('campaign:state', { campaignId: unknown })).payload.error?.type).toBe(
          'CAMPAIGN_NOT_FOUND',
        );
      }
    });
  });

  describe('shows subscribers', () => {
    it('the state, then each version once and in order', async () => {
      const [writer, reader] = [await connect(), await connect()];
      const answer = await reader.ask('campaign:subscribe', { campaignId });
      expect(answer.payload).toMatchObject({ campaignId, version: 1, mode: 'patch', isSnapshot: true });
      // Sent before the answer was: the state does not wait for it.
      expect(reader.received(STATE)).toMatchObject([
        { campaignId, version: 1, state: { features: expect.any(Array) as unknown } },
      ]);
      await Promise.all(Array.from({ length: 40 }, (_, count) => update(writer, { count })));
      const seen = await until(
        () => selectVersions(reader.received(STATE)),
        versions => versions.length >= 41,
      );
      expect(seen).toEqual(Array.from({ length: 41 }, (_, at) => at + 1));
      // Committed together, they came in fewer frames.
      expect(reader.received(STATE).length).toBeLessThan(20);
      await update(writer, { title: 'Last' });
      const last = (
        await until(
          () => reader.received(STATE),
          states => selectVersions(states).length >= 42,
        )
      ).at(-1);
      expect(last).toMatchObject({
        version: 42,
        patch: { title: 'Last' },
        cause: 'update',
        by: expect.any(String) as unknown,
      });
    });

    it('what they missed since they were here', async () => {
      const client = await connect();
      const { payload: first } = await update(client, { title: 'One' });
      await update(client, { title: 'Two' });
      await update(client, { title: 'Three' });
      const since = { version: first['version'], changeId: first['changeId'] };
      const { payload } = await client.ask('campaign:subscribe', { campaignId, since });
      expect(payload).toMatchObject({ version: 4, isSnapshot: false });
      expect(client.received(STATE)).toMatchObject([
        {
          fromVersion: 3,
          versions: [
            { version: 3, patch: { title: 'Two' } },
            { version: 4, patch: { title: 'Three' } },
          ],
        },
      ]);
      const again = await client.ask('campaign:subscribe', {
        campaignId,
        since: { version: 4, changeId: payload['changeId'] },
      });
      expect(again.payload).toMatchObject({ version: 4, isSnapshot: false });
      expect(client.received(STATE)).toHaveLength(1);
      await client.ask('campaign:subscribe', { campaignId, since: { version: 4, changeId: 'another-history' } });
      expect(client.received(STATE).at(-1)).toMatchObject({ version: 4, state: { title: 'Three' } });
    });

    it('whole states when they want them', async () => {
      const client = await connect();
      await client.ask('campaign:subscribe', { campaignId, mode: 'full' });
      await update(client, { title: 'One' });
      const [, state] = await receiveStates(client, 2);
      expect(state).toMatchObject({ version: 2, state: { title: 'One' }, cause: 'update' });
      expect(state).not.toHaveProperty('patch');
    });

    it('each version once, also when they subscribe again, and none after they ended it', async () => {
      const [writer, reader] = [await connect(), await connect()];
      await Promise.all([
        reader.ask('campaign:subscribe', { campaignId }),
        reader.ask('campaign:subscribe', { campaignId }),
      ]);
      await update(writer, { title: 'One' });
      await until(
        () => selectVersions(reader.received(STATE)),
        versions => versions.includes(2),
      );
      const ended = await reader.ask('campaign:unsubscribe', { campaignId });
      expect(ended.payload['wasSubscribed']).toBe(true);
      const count = reader.received(STATE).length;
      await update(writer, { title: 'Two' });
      await reader.ask('campaign:state', { campaignId });
      expect(reader.received(STATE)).toHaveLength(count);
      expect(selectVersions(reader.received(STATE)).filter(version => version === 2)).toHaveLength(1);
      // In the order in which they were asked for.
      const [, last] = await Promise.all([
        reader.ask('campaign:subscribe', { campaignId }),
        reader.ask('campaign:unsubscribe', { campaignId }),
      ]);
      expect(last.payload['wasSubscribed']).toBe(true);
    });

    it('so many campaigns at once', async () => {
      const client = await connect();
      const ids = [campaignId, (await createCampaign(test.client))._id, (await createCampaign(test.client))._id];
      const answers = await Promise.all(ids.map(id => client.ask('campaign:subscribe', { campaignId: id })));
      expect(answers.map(({ payload }) => payload.error?.type)).toEqual([undefined, undefined, 'LIMIT_EXCEEDED']);
      await client.ask('campaign:unsubscribe', { campaignId: ids[0] });
      expect((await client.ask('campaign:subscribe', { campaignId: ids[2] })).payload.error).toBeUndefined();
    });

    it('the variant that is theirs, and its own differences', async () => {
      const [operator, fan] = [await connect(), await connect(createUserToken({ [campaignId]: ['read'] }, 'fan'))];
      await fan.ask('campaign:subscribe', { campaignId, segment: 'b' });
      await update(operator, {
        title: 'All',
        variants: { a: { weight: 1 }, b: { weight: 0, overlay: { title: 'Bees' } } },
      });
      const [, varied] = await receiveStates(fan, 2);
      expect(varied).toMatchObject({ version: 2, state: { title: 'Bees' } });
      expect(varied?.['state']).not.toHaveProperty('variants');
      await update(operator, { title: 'Others', text: 'x' });
      const [, , next] = await receiveStates(fan, 3);
      expect(next).toMatchObject({ version: 3, patch: { text: 'x' } });
      expect(next?.['patch']).not.toHaveProperty('title');
      const { payload } = await operator.ask('campaign:state', { campaignId });
      expect(payload['state']).toMatchObject({ title: 'Others', variants: { b: { overlay: { title: 'Bees' } } } });
    });

    it('a change of the campaign and of its markets', async () => {
      const client = await connect();
      await client.ask('campaign:subscribe', { campaignId });
      await test.client.patch(`/campaigns/${campaignId}`, { name: 'Renamed' });
      const states = await until(
        () => client.received(STATE),
        all => JSON.stringify(all).includes('Renamed'),
      );
      expect(states.at(-1)).toMatchObject({
        patch: { campaign: { name: 'Renamed' } },
        cause: 'campaign.updated',
        by: 'system',
      });
    });
  });

  describe('gives nobody what they may not have', () => {
    it.each([
      ['campaign:subscribe', {}],
      ['campaign:state', {}],
      ['campaign:history', { limit: 1 }],
      ['campaign:update', { updates: { title: 'x' } }],
      ['campaign:feature', { features: ['x'], action: 'add' }],
      ['campaign:config', { configType: 'scripts', config: {} }],
      ['campaign:batch', { operations: [{ kind: 'update', updates: { title: 'x' } }] }],
      ['campaign:rollback', { toVersion: 1 }],
    ])('%s needs its permission on this campaign', async (action, payload) => {
      const { _id: other } = await createCampaign(test.client);
      const stranger = await connect(createUserToken({ [other]: ['update'] }));
      for (const id of [campaignId, '0123456789abcdef01234567', 'nobody-has-it']) {
        const answer = await stranger.ask(action, { campaignId: id, ...payload });
        expect(answer.payload.error?.type).toBe('UNAUTHORIZED');
      }
      await stranger.ask('campaign:state', { campaignId: other });
      expect((await stranger.ask(action, { campaignId: other, ...payload })).payload.error).toBeUndefined();
    });

    it('by the keys that are touched, through whatever request', async () => {
      const client = await connect(createUserToken({ [campaignId]: ['state:update'] }));
      expect((await update(client, { title: 'x' })).payload.error).toBeUndefined();
      for (const updates of [{ features: [] }, { ui_content: {} }, { variants: {} }]) {
        expect((await update(client, updates)).payload.error?.type).toBe('UNAUTHORIZED');
      }
      const mismatch = await client.ask('campaign:update', { campaignId, updates: {}, expectedVersion: 1 });
      expect(mismatch.payload).toMatchObject({ error: { type: 'VERSION_MISMATCH' }, currentVersion: 2 });
      expect(mismatch.payload).not.toHaveProperty('versions');
    });

    it('lists the campaigns that a caller may read', async () => {
      const client = await connect(createUserToken({ [campaignId]: ['read'] }));
      const { payload } = await client.ask('campaign:list', { limit: 10, offset: 0 });
      expect(payload).toMatchObject({ total: 1, campaigns: [{ campaignId }] });
      expect((await client.ask('campaign:list', { limit: 10, offset: 5 })).payload.error?.type).toBe(
        'VALIDATION_ERROR',
      );
    });

    it('ends a connection whose user was revoked', async () => {
      const client = await connect(createUserToken({ [campaignId]: ['read'] }, 'revoked-user'));
      await client.ask('campaign:subscribe', { campaignId });
      const { status } = await test.client.post('/admin/users/revoked-user/revoke', {});
      expect(status).toBeLessThan(300);
      expect(await client.closed).toBe('io server disconnect');
      expect(client.received(CLOSED)).toMatchObject([{ error: { type: 'UNAUTHENTICATED' }, isRetryable: false }]);
    });

    it('ends a connection whose token is over, unless it was refreshed', async () => {
      // Clocks may differ by five seconds: these end two seconds from now.
      const soon = () =>
        createToken({ userId: 'ann', campaigns: { [campaignId]: { actions: ['read'] } } }, { expiresInSeconds: -3 });
      const [ending, refreshed] = [await connect(soon()), await connect(soon())];
      await refreshed.ask('campaign:subscribe', { campaignId });
      const other = await refreshed.ask('auth:refresh', { token: createUserToken({}, 'bob') });
      expect(other.payload.error?.type).toBe('UNAUTHORIZED');
      const bad = await refreshed.ask('auth:refresh', { token: 'garbage' });
      expect(bad.payload.error?.type).toBe('UNAUTHENTICATED');
      const good = await refreshed.ask('auth:refresh', { token: createUserToken({}, 'ann') });
      // The new token does not grant what the old one did.
      expect(good.payload).toMatchObject({ ended: [campaignId], expiresAt: expect.any(String) as unknown });
      expect(await ending.closed).toBe('io server disconnect');
      expect(refreshed.socket.connected).toBe(true);
      expect((await refreshed.ask('campaign:subscribe', { campaignId })).payload.error?.type).toBe('UNAUTHORIZED');
    });
  });

  describe('lets hear what happens', () => {
    const heard = (client: ChannelClient): string[] =>
      client.events.map(({ type, metadata }) => `${type} ${metadata.campaign?.campaignId}`);
    const life = (id: string, ...states: string[]): string[] =>
      states.map(state => `campaign:update:v1:${state} ${id}`);

    it('once, whatever it matches, to those who may read the campaign', async () => {
      const { _id: other } = await createCampaign(test.client);
      const [writer, reader] = [await connect(), await connect(createUserToken({ [campaignId]: ['read'] }, 'reader'))];
      const { payload } = await reader.ask('nexus:subscribe', { types: ['campaign:*', 'campaign:update:*'] });
      expect(payload).toEqual({ types: ['campaign:*', 'campaign:update:*'] });
      await writer.ask('campaign:update', { campaignId: other, updates: { title: 'Secret' } });
      await writer.ask('campaign:state', { campaignId });
      await update(writer, { title: 'Open' });
      await writer.ask('campaign:update', { campaignId, updates: {}, expectedVersion: 1 });
      await until(
        () => heard(reader).length,
        count => count >= 6,
      );
      expect(heard(reader)).toEqual([
        ...life(campaignId, 'requested', 'started', 'success'),
        ...life(campaignId, 'requested', 'started', 'failed'),
      ]);
    });

    it('of one campaign where that is wanted, and nothing any more once it is not', async () => {
      const { _id: other } = await createCampaign(test.client);
      const client = await connect();
      await client.ask('nexus:subscribe', { types: ['campaign:update:v1:success'], campaignId });
      await client.ask('campaign:update', { campaignId: other, updates: {} });
      await update(client, { title: 'One' });
      await until(
        () => heard(client),
        all => all.length > 0,
      );
      expect(heard(client)).toEqual(life(campaignId, 'success'));
      const { payload } = await client.ask('nexus:unsubscribe', { types: ['campaign:update:v1:success'] });
      expect(payload).toEqual({ types: [] });
      await update(client, { title: 'Two' });
      await client.ask('campaign:health');
      expect(heard(client)).toHaveLength(1);
    });

    it('by the token that a connection has now', async () => {
      const [writer, reader] = [await connect(), await connect(createUserToken({ [campaignId]: ['read'] }, 'reader'))];
      await reader.ask('nexus:subscribe', { types: ['*'] });
      await reader.ask('auth:refresh', { token: createUserToken({}, 'reader') });
      await update(writer, { title: 'One' });
      await reader.ask('campaign:health');
      expect(heard(reader)).toEqual([]);
    });

    it('under patterns alone, and so many of them', async () => {
      const client = await connect();
      const bad = await client.ask('nexus:subscribe', { types: ['campaign:*', '*:update'] });
      expect(bad.payload.error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: '/types/1' }] });
      const many = await client.ask('nexus:subscribe', { types: ['a:*', 'b:*', 'c:*'] });
      expect(many.payload.error?.type).toBe('LIMIT_EXCEEDED');
    });

    it('and carries out what is emitted, as if it had been sent', async () => {
      const client = await connect();
      const request = {
        type: 'campaign:update:v1:requested',
        eventId: randomUUID(),
        payload: { campaignId, updates: {} },
      };
      const { payload } = await client.ask('nexus:emit', request);
      expect(payload['answer']).toMatchObject({ type: 'campaign:update:v1:success', payload: { version: 2 } });
      for (const type of ['campaign:update:v1:success', 'nexus:emit:v1:requested']) {
        const answer = await client.ask('nexus:emit', { ...request, type });
        expect(JSON.stringify(answer.payload)).toContain('EVENT_TYPE_UNKNOWN');
      }
    });
  });

  it('says how it is', async () => {
    const client = await connect(createUserToken());
    const { payload } = await client.ask('campaign:health');
    expect(payload).toMatchObject({
      ready: true,
      dependencies: [{ name: expect.any(String) as unknown, ok: true }],
      connections: 1,
      state: { isEnabled: true },
    });
  });
});

/** All versions that came, in the order in which they came. */
function selectVersions(states: readonly Record<string, unknown>[]): number[] {
  return states.flatMap(({ version, versions }) =>
    versions === undefined ? [version as number] : (versions as { version: number }[]).map(one => one.version),
  );
}
