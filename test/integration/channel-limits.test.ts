import { afterEach, describe, expect, it } from '@jest/globals';
import { type Socket as TcpSocket } from 'node:net';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel, type Refusal } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const STATE = 'campaign:state:v1:success';
const CLOSED = 'connection:close:v1:completed';

describe('the limits of the channel', () => {
  const started: TestApp[] = [];
  const opened: ChannelClient[] = [];
  afterEach(async () => {
    for (const client of opened.splice(0)) client.close();
    for (const test of started.splice(0)) await test.stop();
  });

  const start = async (variables: Readonly<Record<string, string>> = {}): Promise<TestApp> => {
    const test = await startTestApp({ time: 'real', variables });
    started.push(test);
    return test;
  };
  const connect = async ({ url }: TestApp, options = {}): Promise<ChannelClient> => {
    const client = await connectChannel(url, createSupremeToken(), options);
    opened.push(client);
    return client;
  };
  const readMetric = async ({ client }: TestApp, line: RegExp): Promise<number> =>
    Number(line.exec((await client.get('/metrics')).text)?.[1] ?? 0);

  it('refuse what is over the rate, and disconnect who does not stop', async () => {
    const test = await start({ CHANNEL_REQUESTS_PER_SECOND: '1', CHANNEL_REQUEST_BURST: '3' });
    const client = await connect(test);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.ask('campaign:health')));
    expect(answers.map(({ payload }) => payload.error?.type)).toEqual([
      undefined,
      undefined,
      undefined,
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    for (let count = 0; count < 1_010; count += 1) client.socket.emit('event', {});
    expect(await client.closed).toBe('io server disconnect');
    expect(client.received(CLOSED)).toMatchObject([{ error: { type: 'RATE_LIMITED' }, isRetryable: false }]);
    // Others are not concerned.
    expect((await (await connect(test)).ask('campaign:health')).payload.error).toBeUndefined();
  });

  it('refuse more requests at a time than there may be', async () => {
    const test = await start({ CHANNEL_MAX_IN_FLIGHT: '2' });
    const client = await connect(test);
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => client.ask('campaign:list', { limit: 1, offset: 0 })),
    );
    expect(answers.map(({ payload }) => payload.error?.type)).toEqual([undefined, undefined, 'LIMIT_EXCEEDED']);
  });

  it('cut off who sends more than a message may have', async () => {
    const test = await start();
    const client = await connect(test);
    client.socket.emit('event', {
      type: 'campaign:state:v1:requested',
      eventId: 'e',
      payload: { x: 'x'.repeat(200_000) },
    });
    await client.closed;
    expect(await readMetric(test, /^channel_connections (\d+)$/m)).toBe(0);
  });

  it('take any nonsense, answer it or hang up, and go on', async () => {
    const test = await start({
      CHANNEL_REQUESTS_PER_SECOND: '100000',
      CHANNEL_REQUEST_BURST: '100000',
      CHANNEL_MAX_CONNECTIONS_PER_USER: '1000',
    });
    const good = await connect(test);
    const nonsense = fc.oneof(
      fc.string({ maxLength: 50 }),
      fc.json({ maxDepth: 4 }).map(text => `2["event",${text}]`),
      fc.json({ maxDepth: 4 }).map(text => `27["event",${text}]`),
      fc.json({ maxDepth: 2 }).map(text => `2${text}`),
      fc.constantFrom(
        '2["__proto__",{}]',
        '2["connect",{}]',
        '2["disconnect"]',
        '51-["event",{"_placeholder":true,"num":9}]',
      ),
      fc.constantFrom(
        '0/admin,{}',
        '0{"token":1}',
        '4{"x":1}',
        '1',
        '3["x"]',
        '2',
        '2[]',
        '2[null]',
        '[',
        '999999999999["event"]',
      ),
    );
    let client = await connect(test);
    for (const text of fc.sample(nonsense, { numRuns: 300, seed: 20_260_301 })) {
      if (!client.socket.connected) client = await connect(test);
      (client.socket.io.engine as unknown as { write: (text: string) => void }).write(text);
      // What was sent before has been looked at when this is answered, or the connection is gone.
      await Promise.race([client.ask('campaign:health').catch(() => undefined), client.closed]);
    }
    expect((await good.ask('campaign:health')).payload.error).toBeUndefined();
    expect(test.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('refuse the pages of other origins than those that may connect', async () => {
    const test = await start({ CHANNEL_ORIGINS: 'https://admin.example.com' });
    const from = (origin: string, transport: string) =>
      connect(test, { transports: [transport], extraHeaders: { origin } }).then(
        () => 'in',
        () => 'refused',
      );
    for (const transport of ['websocket', 'polling']) {
      expect(await from('https://admin.example.com', transport)).toBe('in');
      expect(await from(test.url, transport)).toBe('in');
      for (const origin of ['https://evil.example.com', 'null', 'https://admin.example.com.evil.example']) {
        expect(await from(origin, transport)).toBe('refused');
      }
    }
  });

  it('refuse more connections than there may be', async () => {
    const test = await start({ CHANNEL_MAX_CONNECTIONS: '1' });
    await connect(test);
    const refusal = await connect(test).catch((error: unknown) => error as Refusal);
    expect((refusal as Refusal).data).toMatchObject({ error: { type: 'LIMIT_EXCEEDED' }, isRetryable: true });
  });

  it('leave out what a slow subscriber does not read, and give it the whole state when it reads again', async () => {
    const test = await start({ CAMPAIGN_SUBSCRIBER_BUFFER: '4', CAMPAIGN_SUBSCRIBER_DRAIN_MS: '600000' });
    const { _id: campaignId } = await createCampaign(test.client);
    const [writer, slow, good] = [await connect(test), await connect(test), await connect(test)];
    for (const client of [slow, good]) await client.ask('campaign:subscribe', { campaignId });
    selectTcp(slow).pause();
    const filler = 'x'.repeat(60_000);
    let version = 1;
    const write = async (): Promise<void> => {
      const { payload } = await writer.ask('campaign:update', {
        campaignId,
        updates: { [`key${version % 3}`]: filler + version },
      });
      version = payload['version'] as number;
    };
    await until(
      async () => {
        await write();
        return readMetric(test, /^channel_slow_subscribers_total\{action="coalesced"\} (\d+)$/m);
      },
      count => count === 1,
    );
    for (let count = 0; count < 20; count += 1) await write();
    await until(
      () => lastVersion(good),
      last => last === version,
    );
    const before = lastVersion(slow);
    expect(before).toBeLessThan(version - 20);
    selectTcp(slow).resume();
    await until(
      () => lastVersion(slow),
      last => last === version,
    );
    // All that it got is in order, and what it missed it was given as a whole.
    const versions = slow.received(STATE).flatMap(selectSteps);
    expect(versions.at(-1)).toBe(-version);
    for (const [at, step] of versions.entries()) if (step > 0) expect(step).toBe(Math.abs(versions[at - 1] ?? 0) + 1);
    await write();
    await until(
      () => lastVersion(slow),
      last => last === version,
    );
    expect(selectSteps(slow.received(STATE).at(-1) ?? {})).toEqual([version]);
    const whole = good.received(STATE).flatMap(selectSteps);
    expect(whole).toEqual([-1, ...Array.from({ length: version - 1 }, (_, at) => at + 2)]);
  });

  it('disconnect a subscriber that reads nothing at all, so that it comes back', async () => {
    const test = await start({ CAMPAIGN_SUBSCRIBER_BUFFER: '2', CAMPAIGN_SUBSCRIBER_DRAIN_MS: '100' });
    const { _id: campaignId } = await createCampaign(test.client);
    const [writer, slow] = [await connect(test), await connect(test)];
    await slow.ask('campaign:subscribe', { campaignId });
    const tcp = selectTcp(slow);
    tcp.pause();
    let count = 0;
    await until(
      async () => {
        count += 1;
        await writer.ask('campaign:update', { campaignId, updates: { filler: String(count).repeat(30_000) } });
        return readMetric(test, /^channel_slow_subscribers_total\{action="closed"\} (\d+)$/m);
      },
      closed => closed === 1,
    );
    await until(
      () => readMetric(test, /^channel_connections (\d+)$/m),
      left => left === 1,
    );
    expect(await readMetric(test, /^channel_subscriptions (\d+)$/m)).toBe(0);
    tcp.resume();
    // Not "io server disconnect": Socket.IO's client comes back by itself from this one.
    expect(await slow.closed).toBe('transport close');
  });

  it('let go of all at a stop, each told when to come back', async () => {
    const test = await start();
    const { _id: campaignId } = await createCampaign(test.client);
    const clients = [await connect(test), await connect(test), await connect(test, { transports: ['polling'] })];
    for (const client of clients) await client.ask('campaign:subscribe', { campaignId });
    started.splice(started.indexOf(test), 1);
    expect(await test.stop()).toBe(0);
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(clients.map(() => 'transport close'));
    const notices = clients.map(client => client.received(CLOSED)[0]);
    for (const notice of notices) {
      expect(notice).toMatchObject({ error: { type: 'SERVICE_UNAVAILABLE' }, isRetryable: true });
      expect(notice?.['retryAfterMs']).toBeGreaterThanOrEqual(0);
      expect(notice?.['retryAfterMs']).toBeLessThanOrEqual(5_000);
    }
    expect(new Set(notices.map(notice => notice?.['retryAfterMs'])).size).toBeGreaterThan(1);
  });
});

describe('the channel of a process', () => {
  it('without live states says that they are off, and serves the rest', async () => {
    const test = await startTestApp({ variables: { CAMPAIGN_STATE_ENABLED: 'false' } });
    const { _id: campaignId } = await createCampaign(test.client);
    const client = await connectChannel(test.url, createSupremeToken());
    for (const action of [
      'subscribe',
      'unsubscribe',
      'state',
      'update',
      'feature',
      'config',
      'batch',
      'rollback',
      'history',
      'list',
    ]) {
      const { payload } = await client.ask(`campaign:${action}`, { campaignId });
      expect(payload.error).toMatchObject({
        type: 'SERVICE_UNAVAILABLE',
        message: expect.stringContaining('off') as unknown,
      });
    }
    expect((await client.ask('campaign:health')).payload).toMatchObject({ ready: true, state: { isEnabled: false } });
    client.close();
    await test.stop();
  });

  it('without the role has no such door', async () => {
    const test = await startTestApp({ variables: { ROLES: 'web' } });
    await expect(connectChannel(test.url, createSupremeToken())).rejects.toThrow('websocket error');
    expect((await test.client.get('/socket.io/?EIO=4&transport=polling')).status).toBe(404);
    await test.stop();
  });

  it('keeps what it acknowledged in memory alone when it is told to persist nothing', async () => {
    const test = await startTestApp({ variables: { CAMPAIGN_PERSISTENCE_ENABLED: 'false' } });
    const { _id: campaignId } = await createCampaign(test.client);
    const client = await connectChannel(test.url, createSupremeToken());
    const { payload } = await client.ask('campaign:update', { campaignId, updates: { title: 'x' } });
    expect(payload['version']).toBe(2);
    expect(await test.app.datastores.stateJournal.readHead(campaignId)).toBeNull();
    client.close();
    await test.stop();
  });
});

/** The connection beneath a client, to stop reading from it. */
function selectTcp({ socket }: ChannelClient): TcpSocket {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: TcpSocket } } };
  return transport.ws._socket;
}

/** The versions of an event: a whole state's as a negative number. */
function selectSteps(state: Readonly<Record<string, unknown>>): number[] {
  const { version, versions } = state as { version: number; versions?: readonly { version: number }[] };
  if (versions !== undefined) return versions.map(one => one.version);
  return ['state' in state ? -version : version];
}

function lastVersion(client: ChannelClient): number {
  return Math.abs(client.received(STATE).flatMap(selectSteps).at(-1) ?? 0);
}
