import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Socket as TcpSocket } from 'node:net';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const KINDS = ['state', 'events', 'analytics'] as const;
type Kind = (typeof KINDS)[number];
type Item = Readonly<Record<string, unknown>> & { readonly seq: number };

describe('a stream', () => {
  let test: TestApp;
  let campaignId: string;
  let opened: ChannelClient[];
  let writer: ChannelClient;

  beforeAll(async () => {
    test = await startTestApp({
      time: 'real',
      variables: {
        CHANNEL_MAX_SUBSCRIPTIONS: '3',
        CHANNEL_STREAM_HEARTBEAT_MS: '20',
        CAMPAIGN_SUBSCRIBER_BUFFER: '4',
        CAMPAIGN_SUBSCRIBER_DRAIN_MS: '50',
      },
    });
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    opened = [];
    ({ _id: campaignId } = await createCampaign(test.client));
    writer = await connect();
  });
  afterEach(async () => {
    for (const client of opened) client.close();
    // Whatever a test did, nothing of it is left when its connections are gone.
    await until(readCounts, counts => counts.every(count => count === 0));
  });

  const connect = async (token: string = createSupremeToken()): Promise<ChannelClient> => {
    const client = await connectChannel(test.url, token);
    opened.push(client);
    return client;
  };
  /** The connections, subscriptions and streams that there are. */
  const readCounts = async (): Promise<number[]> => {
    const { text } = await test.client.get('/metrics');
    return ['connections', 'subscriptions', 'streams'].map(name =>
      Number(new RegExp(`^channel_${name} (\\d+)$`, 'm').exec(text)?.[1]),
    );
  };
  const start = (client: ChannelClient, kind: Kind, id = campaignId, eventId: string = randomUUID()) =>
    client.ask(`campaign:stream_${kind}`, { campaignId: id }, { eventId });
  const stop = (client: ChannelClient, payload: object = {}) =>
    client.ask('campaign:stream_stop', { campaignId, ...payload });
  const update = (updates: object) => writer.ask('campaign:update', { campaignId, updates });
  const select = (client: ChannelClient, kind: Kind, state: string): Envelope[] =>
    client.events.filter(({ type }) => type === `campaign:stream_${kind}:v1:${state}`);
  const items = (client: ChannelClient, kind: Kind): Item[] =>
    select(client, kind, 'stream').map(({ payload }) => payload as Item);
  const ends = (client: ChannelClient, kind: Kind): Envelope[] => [
    ...select(client, kind, 'success'),
    ...select(client, kind, 'failed'),
  ];
  const seqs = (client: ChannelClient, kind: Kind): number[] => items(client, kind).map(({ seq }) => seq);
  const count = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);

  it('of the state is started, then has the versions in their order, numbered without a gap', async () => {
    const client = await connect();
    const request = { type: 'campaign:stream_state:v1:requested', eventId: 'start-1', payload: { campaignId } };
    // What answers the request comes before anything of the stream.
    const { answer, before } = await new Promise<{ answer: Envelope; before: number }>(resolve =>
      client.socket.emit('event', request, (given: Envelope) =>
        resolve({ answer: given, before: client.events.length }),
      ),
    );
    expect(before).toBe(0);
    expect(answer).toMatchObject({
      type: 'campaign:stream_state:v1:started',
      causeId: 'start-1',
      payload: { campaignId },
    });
    for (const title of ['One', 'Two', 'Three']) await update({ title });
    const versions = await until(
      () => items(client, 'state').flatMap(selectVersions),
      all => all.includes(4),
    );
    expect(versions).toEqual([1, 2, 3, 4]);
    expect(items(client, 'state')[0]).toMatchObject({ seq: 1, version: 1, state: { features: expect.any(Array) } });
    expect(seqs(client, 'state')).toEqual(count(seqs(client, 'state').length));
    for (const event of select(client, 'state', 'stream')) {
      expect(event).toMatchObject({ causeId: 'start-1', metadata: { campaign: { campaignId } } });
    }
  });

  it('of events has the life of what is asked of the campaign, and of no other', async () => {
    const client = await connect();
    const { _id: other } = await createCampaign(test.client);
    expect((await start(client, 'events')).type).toBe('campaign:stream_events:v1:started');
    await writer.ask('campaign:update', { campaignId: other, updates: { title: 'Other' } });
    await writer.ask('campaign:state', { campaignId });
    const { causeId } = await update({ title: 'One' });
    await until(
      () => items(client, 'events').length,
      length => length >= 3,
    );
    expect(items(client, 'events')).toMatchObject(
      ['requested', 'started', 'success'].map((state, at) => ({
        seq: at + 1,
        campaignId,
        event: { type: `campaign:update:v1:${state}`, [state === 'requested' ? 'eventId' : 'causeId']: causeId },
      })),
    );
  });

  it('of analytics says what goes on, and again when that changes', async () => {
    const [client, subscriber] = [await connect(), await connect()];
    await start(client, 'analytics');
    const [first] = await until(
      () => items(client, 'analytics'),
      all => all.length > 0,
    );
    expect(first).toEqual({
      seq: 1,
      campaignId,
      subscriberCount: 0,
      version: 1,
      lastUpdated: expect.any(String),
      stateKeys: expect.any(Number),
      activeFeatures: 5,
      updatesPerSecond: 0,
      updateLatencyMs: { p50: null, p99: null },
      timestamp: expect.any(String),
    });
    await subscriber.ask('campaign:subscribe', { campaignId });
    await until(
      () => items(client, 'analytics').at(-1)?.['subscriberCount'],
      subscribers => subscribers === 1,
    );
    await writer.ask('campaign:feature', { campaignId, features: ['a', 'b'], action: 'set' });
    const last = await until(
      () => items(client, 'analytics').at(-1),
      item => item?.['version'] === 2,
    );
    expect(last).toMatchObject({
      activeFeatures: 2,
      updatesPerSecond: 0.2,
      updateLatencyMs: { p50: expect.any(Number), p99: expect.any(Number) },
    });
    expect(seqs(client, 'analytics')).toEqual(count(seqs(client, 'analytics').length));
  });

  it('says that it is alive', async () => {
    const client = await connect();
    await start(client, 'state');
    await until(
      () => select(client, 'state', 'heartbeat').length,
      length => length >= 2,
    );
    expect(select(client, 'state', 'heartbeat').slice(0, 2)).toMatchObject([
      { payload: { campaignId, seq: 1, items: 1 } },
      { payload: { campaignId, seq: 1, items: 0 } },
    ]);
    await update({ title: 'One' });
    const beats = await until(
      () => select(client, 'state', 'heartbeat').map(({ payload }) => payload),
      all => all.some(({ seq }) => seq === 2),
    );
    expect(beats.filter(({ items: some }) => some === 1)).toHaveLength(2);
  });

  it.each(KINDS)('of %s is stopped once, and then nothing of it comes', async kind => {
    const client = await connect();
    await start(client, kind);
    await update({ title: 'One' });
    expect((await stop(client, { stream: kind })).payload).toEqual({ campaignId, stopped: [kind] });
    expect(ends(client, kind)).toMatchObject([
      {
        type: `campaign:stream_${kind}:v1:success`,
        payload: { campaignId, reason: 'stopped', items: items(client, kind).length },
      },
    ]);
    const { length } = client.events;
    await update({ title: 'Two' });
    await client.ask('campaign:health');
    expect(client.events).toHaveLength(length);
    expect((await stop(client)).payload).toEqual({ campaignId, stopped: [] });
    expect((await readCounts())[2]).toBe(0);
  });

  it('stops beside others that go on, or with all of its campaign', async () => {
    const client = await connect();
    await Promise.all(KINDS.map(kind => start(client, kind)));
    expect((await stop(client, { stream: 'state' })).payload['stopped']).toEqual(['state']);
    await update({ title: 'One' });
    await until(
      () => items(client, 'events').length,
      length => length > 0,
    );
    expect(((await stop(client)).payload['stopped'] as string[]).sort()).toEqual(['analytics', 'events']);
    expect(KINDS.map(kind => ends(client, kind).length)).toEqual([1, 1, 1]);
  });

  it('is replaced by a second one of its kind', async () => {
    const client = await connect();
    const [first, second] = await Promise.all([
      start(client, 'state', campaignId, 'start-1'),
      start(client, 'state', campaignId, 'start-2'),
    ]);
    expect([first.type, second.type]).toEqual(Array(2).fill('campaign:stream_state:v1:started'));
    await update({ title: 'One' });
    await until(
      () => select(client, 'state', 'stream').filter(({ causeId }) => causeId === 'start-2').length,
      length => length === 2,
    );
    expect(ends(client, 'state')).toMatchObject([{ causeId: 'start-1', payload: { reason: 'replaced', items: 1 } }]);
    expect((await stop(client)).payload['stopped']).toEqual(['state']);
    expect(ends(client, 'state')).toHaveLength(2);
  });

  it('is one of so many, subscriptions included', async () => {
    const client = await connect();
    await start(client, 'state');
    await start(client, 'events');
    await client.ask('campaign:subscribe', { campaignId });
    expect((await start(client, 'analytics')).payload.error?.type).toBe('LIMIT_EXCEEDED');
    const { _id: other } = await createCampaign(test.client);
    expect((await client.ask('campaign:subscribe', { campaignId: other })).payload.error?.type).toBe('LIMIT_EXCEEDED');
    // In the place of another one there is room.
    expect((await start(client, 'events')).payload.error).toBeUndefined();
    await stop(client, { stream: 'state' });
    expect((await start(client, 'analytics')).payload.error).toBeUndefined();
  });

  it.each(KINDS)('of %s needs a campaign, and the right to read it', async kind => {
    const [client, stranger] = [await connect(), await connect(createUserToken({}))];
    const unknown = '0123456789abcdef01234567';
    expect(await start(client, kind, unknown)).toMatchObject({
      type: `campaign:stream_${kind}:v1:failed`,
      payload: { error: { type: 'CAMPAIGN_NOT_FOUND' } },
    });
    expect((await start(stranger, kind)).payload.error?.type).toBe('UNAUTHORIZED');
    expect((await client.ask(`campaign:stream_${kind}`, {})).payload.error?.type).toBe('VALIDATION_ERROR');
    expect(ends(client, kind)).toEqual([]);
    expect((await readCounts())[2]).toBe(0);
  });

  it('fails when a new token does not grant it, and others go on', async () => {
    const { _id: other } = await createCampaign(test.client);
    const client = await connect(createUserToken({ [campaignId]: ['read'], [other]: ['read'] }, 'ann'));
    await start(client, 'state');
    await start(client, 'events');
    await start(client, 'state', other);
    await client.ask('auth:refresh', { token: createUserToken({ [other]: ['read'] }, 'ann') });
    for (const kind of ['state', 'events'] as const) {
      expect(ends(client, kind)).toMatchObject([
        {
          type: `campaign:stream_${kind}:v1:failed`,
          payload: { campaignId, error: { type: 'UNAUTHORIZED' }, isRetryable: false },
        },
      ]);
    }
    await update({ title: 'Secret' });
    await writer.ask('campaign:update', { campaignId: other, updates: { title: 'Open' } });
    await until(
      () => items(client, 'state').filter(item => item['campaignId'] === other).length,
      length => length === 2,
    );
    expect(JSON.stringify(client.events)).not.toContain('Secret');
    expect((await readCounts())[2]).toBe(1);
  });

  it('of events ends for a reader that does not read, and says that it may be asked for again', async () => {
    const slow = await connect();
    await start(slow, 'events');
    const tcp = selectTcp(slow);
    tcp.pause();
    let sent = 0;
    await until(
      async () => {
        await update({ filler: String((sent += 1)).repeat(20_000) });
        return (await readCounts())[2];
      },
      streams => streams === 0,
    );
    tcp.resume();
    const [end] = await until(
      () => ends(slow, 'events'),
      all => all.length > 0,
    );
    expect(end).toMatchObject({
      type: 'campaign:stream_events:v1:failed',
      payload: { error: { type: 'LIMIT_EXCEEDED' }, isRetryable: true, items: items(slow, 'events').length },
    });
    expect(seqs(slow, 'events')).toEqual(count(seqs(slow, 'events').length));
    expect((await start(slow, 'events')).payload.error).toBeUndefined();
  });

  it('is gone with its connection, also while it is being started', async () => {
    const client = await connect();
    await Promise.all(KINDS.map(kind => start(client, kind)));
    expect((await readCounts())[2]).toBe(3);
    const hasty = await connect();
    for (const kind of KINDS) void start(hasty, kind).catch(() => undefined);
    hasty.close();
    client.close();
    await until(readCounts, counts => counts.slice(1).every(one => one === 0));
    expect((await update({ title: 'On' })).payload.error).toBeUndefined();
  });

  it('needs a connection', async () => {
    const request = { type: 'campaign:stream_state:v1:requested', eventId: 'start-1', payload: { campaignId } };
    const { status, error } = await test.client.post('/nexus/events', request);
    expect([status, error.type]).toEqual([400, 'VALIDATION_ERROR']);
    expect((await readCounts())[2]).toBe(0);
  });

  it('is started by an event that is emitted, too', async () => {
    const request = { type: 'campaign:stream_state:v1:requested', eventId: 'start-1', payload: { campaignId } };
    const { payload } = await writer.ask('nexus:emit', request);
    expect(payload['answer']).toMatchObject({ type: 'campaign:stream_state:v1:started', causeId: 'start-1' });
    await until(
      () => seqs(writer, 'state'),
      all => all.length > 0,
    );
  });
});

/** The versions that an item of a state's stream has. */
function selectVersions({ version, versions }: Item): number[] {
  return versions === undefined ? [version as number] : (versions as { version: number }[]).map(one => one.version);
}

/** The connection beneath a client, to stop reading from it. */
function selectTcp({ socket }: ChannelClient): TcpSocket {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: TcpSocket } } };
  return transport.ws._socket;
}
