import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type EventStreamClient, openEventStream, type StreamMessage } from '../support/event-stream.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken, createToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly type: string;
  readonly causeId?: string;
  readonly metadata: { readonly campaign?: { readonly campaignId: string } };
  readonly payload: Record<string, unknown>;
}

const told = ({ data }: StreamMessage): Told => JSON.parse(data) as Told;

describe('events over HTTP', () => {
  let test: TestApp;
  let campaignId: string;
  let otherId: string;
  let streams: EventStreamClient[];

  beforeAll(async () => {
    test = await startTestApp({
      // Tokens are over by the machine's own clock.
      time: 'real',
      variables: { CHANNEL_MAX_CONNECTIONS_PER_USER: '3', JWT_CLOCK_TOLERANCE_SECONDS: '0' },
    });
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    streams = [];
    campaignId = (await createCampaign(test.client))._id;
    otherId = (await createCampaign(test.client))._id;
  });
  afterEach(() => {
    for (const stream of streams) stream.close();
  });

  const listen = async (
    query: Record<string, string>,
    { token = createSupremeToken(randomUUID()), ...headers }: Record<string, string> = {},
  ): Promise<EventStreamClient> => {
    const stream = await openEventStream(test.url, token, query, headers);
    streams.push(stream);
    return stream;
  };
  const update = (id: string, updates: object) =>
    test.client.post('/nexus/events', {
      type: 'campaign:update:v1:requested',
      eventId: randomUUID(),
      payload: { campaignId: id, updates },
    });
  const receive = (stream: EventStreamClient, count: number) =>
    until(
      () => stream.messages,
      messages => messages.length >= count,
    );
  const readMetric = async (pattern: RegExp) =>
    Number(pattern.exec((await test.client.get('/metrics')).text)?.[1] ?? 0);

  it('are told as they happen, of campaigns that the token may read', async () => {
    const reader = createUserToken({ [campaignId]: ['read'] }, 'reader');
    const stream = await listen({ types: 'campaign:update:*' }, { token: reader, 'accept-encoding': 'gzip' });
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-transform',
      'x-correlation-id': expect.any(String) as unknown,
    });
    expect(stream.headers).not.toHaveProperty('content-encoding');
    await update(otherId, { title: 'secret' });
    await update(campaignId, { title: 'Shown\nin two lines' });
    await test.client.get(`/campaigns/${campaignId}/state`);
    const events = (await receive(stream, 3)).map(told);
    expect(events.map(({ type, metadata }) => [type, metadata.campaign?.campaignId])).toEqual([
      ['campaign:update:v1:requested', campaignId],
      ['campaign:update:v1:started', campaignId],
      ['campaign:update:v1:success', campaignId],
    ]);
    expect(events[0]?.payload).toMatchObject({ updates: { title: 'Shown\nin two lines' } });
    expect(new Set(stream.messages.map(({ id }) => id)).size).toBe(3);
  });

  it('are those of one campaign, where one is named', async () => {
    const types = 'campaign:update:v1:success,campaign:*';
    const stream = await listen({ types, campaignId });
    await update(otherId, { title: 'of another' });
    await update(campaignId, { title: 'of this' });
    const events = (await receive(stream, 3)).map(told);
    expect(events.map(({ metadata }) => metadata.campaign?.campaignId)).toEqual([campaignId, campaignId, campaignId]);
  });

  it('are told to those who come back from where they were', async () => {
    const types = 'campaign:update:v1:success';
    const first = await listen({ types });
    await update(campaignId, { n: 1 });
    await receive(first, 1);
    first.close();
    await update(campaignId, { n: 2 });
    await update(campaignId, { n: 3 });
    const second = await listen({ types }, { 'last-event-id': first.lastEventId });
    const missed = (await receive(second, 2)).map(told);
    expect(missed.map(({ payload }) => payload['version'])).toEqual([3, 4]);
    await update(campaignId, { n: 4 });
    expect((await receive(second, 3)).map(message => told(message).payload['version'])).toEqual([3, 4, 5]);
    // Who has seen nothing yet has a place to come back to all the same.
    const third = await listen({ types });
    await until(
      () => third.lastEventId,
      id => id !== '',
    );
    expect(third.retryMs).toBeGreaterThan(0);
  });

  it('say so where it is not known any more what came since', async () => {
    const stream = await listen({ types: 'campaign:*' }, { 'last-event-id': 'abcdef-12' });
    const [message] = await receive(stream, 1);
    expect(message).toMatchObject({ event: 'reset', id: expect.stringMatching(/-\d+$/) as unknown });
    await update(campaignId, { title: 'Later' });
    expect((await receive(stream, 2))[1]).toMatchObject({ event: 'message' });
  });

  it('are not told to those who may not hear them, nor under names that there are not', async () => {
    const outsider = test.client.as(createUserToken({ [otherId]: ['read'] }));
    const cases = [
      [test.client, { types: 'campaign' }, 400],
      [test.client, { types: 'campaign:*,' }, 400],
      [test.client, {}, 400],
      [outsider, { types: '*', campaignId }, 403],
      [test.client, { types: '*', campaignId: 'nobody-has-it' }, 404],
      [test.client.as(null), { types: '*' }, 401],
    ] as const;
    for (const [client, query, status] of cases) {
      expect([query, (await client.get('/nexus/events', { query })).status]).toEqual([query, status]);
    }
  });

  it('are asked for as often as a user may, and again when a stream has ended', async () => {
    const token = createUserToken({}, 'greedy');
    const open = () => listen({ types: '*' }, { token });
    const [one] = [await open(), await open(), await open()];
    expect((await open()).status).toBe(429);
    one?.close();
    expect(
      await until(
        async () => (await open()).status,
        status => status === 200,
      ),
    ).toBe(200);
  });

  it('end with the token, and say that another one is needed', async () => {
    const short = createToken({ userId: 'short', supreme: true }, { expiresInSeconds: 4 });
    const revoked = createSupremeToken('revoked');
    const ending = [await listen({ types: '*' }, { token: short }), await listen({ types: '*' }, { token: revoked })];
    await test.client.post('/admin/users/revoked/revoke');
    for (const stream of ending) {
      expect(await stream.over).toBe('ended');
      expect(stream.messages.at(-1)).toMatchObject({ event: 'close' });
      expect(JSON.parse(stream.messages.at(-1)?.data ?? '')).toMatchObject({
        error: { type: 'UNAUTHENTICATED' },
        isRetryable: false,
      });
    }
  });

  it('are no requests under way, once they have begun', async () => {
    const stream = await listen({ types: 'campaign:update:v1:success' });
    await update(campaignId, { title: 'Told' });
    expect(told((await receive(stream, 1))[0] as StreamMessage).payload).toMatchObject({ campaignId });
    expect(await readMetric(/^http_requests_in_flight (\d+)$/m)).toBe(1);
    const logged = test.logs.filter(
      ({ message, data }) => message === 'request' && data?.['route'] === '/nexus/events',
    );
    expect(logged.some(({ data }) => data?.['method'] === 'GET' && data['status'] === 200)).toBe(true);
  });

  it('have a head that can be asked for alone', async () => {
    const head = await test.client.request('HEAD', '/nexus/events', { query: { types: '*' } });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });
});

describe('a client that does not read', () => {
  it('is cut off, and holds up nobody', async () => {
    const test = await startTestApp({ time: 'real', variables: { CAMPAIGN_SUBSCRIBER_DRAIN_MS: '1000' } });
    const { _id: campaignId } = await createCampaign(test.client);
    const types = 'campaign:update:v1:requested';
    const slow = await openEventStream(test.url, createSupremeToken(), { types });
    const quick = await openEventStream(test.url, createSupremeToken(), { types });
    slow.pause();
    const filler = 'x'.repeat(60_000);
    let sent = 0;
    await until(
      async () => {
        const payload = { campaignId, updates: { filler } };
        await test.client.post('/nexus/events', { type: types, eventId: `e-${sent}`, payload });
        sent += 1;
        return (await test.client.get('/metrics')).text;
      },
      text => /^event_streams_total\{outcome="slow"\} 1$/m.test(text),
    );
    await until(
      () => quick.messages.length,
      count => count === sent,
    );
    quick.close();
    slow.close();
    expect(await test.stop()).toBe(0);
  });
});

describe('a stop', () => {
  it('tells those who listen to come back, and waits for none of them', async () => {
    const test = await startTestApp({ variables: { CHANNEL_RETURN_WITHIN_MS: '5000' } });
    const listening = await openEventStream(test.url, createSupremeToken(), { types: '*' });
    const asleep = await openEventStream(test.url, createSupremeToken(), { types: '*' });
    asleep.pause();
    expect(await test.stop()).toBe(0);
    expect(await listening.over).toBe('ended');
    expect(listening.messages.at(-1)).toMatchObject({ event: 'close' });
    expect(JSON.parse(listening.messages.at(-1)?.data ?? '')).toMatchObject({
      error: { type: 'SERVICE_UNAVAILABLE' },
      isRetryable: true,
    });
    expect(listening.retryMs).toBeGreaterThanOrEqual(1_000);
    asleep.close();
  });
});
