import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import jsonwebtoken from 'jsonwebtoken';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel, type Refusal } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { openRawWebSocket, type RawWebSocket } from '../support/raw-websocket.ts';
import { createSupremeToken, createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const STATE = 'campaign:state:v1:success';

/** What an attack must leave as it was. */
const readMetrics = async ({ client }: TestApp): Promise<Record<string, number>> => {
  const { text } = await client.get('/metrics');
  const read = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
  return { connections: read('channel_connections'), subscriptions: read('channel_subscriptions') };
};
const whenQuiet = (test: TestApp): Promise<unknown> =>
  until(
    () => readMetrics(test),
    ({ connections, subscriptions }) => connections === 0 && subscriptions === 0,
  );
const errorsOf = ({ logs }: TestApp): unknown[] => logs.filter(({ level }) => level === 'error');

describe('a channel that knows a public key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const now = Math.floor(Date.now() / 1000);
  const claims = { userId: 'me', supreme: true, iat: now, exp: now + 600 };
  const sign = (key: typeof rsa.privateKey, options = {}): string =>
    jsonwebtoken.sign(claims, key, { algorithm: 'RS256', ...options });
  const forge = (header: object, secret?: string, body: object = claims): string => {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode(header)}.${encode(body)}`;
    return `${text}.${secret === undefined ? '' : createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const graft = (): string => {
    const [header, , signature] = sign(rsa.privateKey).split('.');
    const body = Buffer.from(JSON.stringify({ ...claims, userId: 'other' })).toString('base64url');
    return [header, body, signature].join('.');
  };
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ time: 'real', variables: { JWT_PUBLIC_KEY: publicPem } });
  });
  afterAll(() => test.stop());

  it.each([
    ['no algorithm', forge({ alg: 'none', typ: 'JWT' })],
    ['no algorithm, in other letters', forge({ alg: 'nOnE' })],
    ['the public key for a secret', forge({ alg: 'HS256', typ: 'JWT' }, publicPem)],
    ['the secret of tests', createSupremeToken()],
    ['another key', sign(other.privateKey)],
    ['another algorithm of the key', sign(rsa.privateKey, { algorithm: 'PS512' })],
    ['an extension that must be understood', sign(rsa.privateKey, { header: { alg: 'RS256', crit: ['x'], x: 1 } })],
    ['the signature of another token', graft()],
    ['no signature', sign(rsa.privateKey).replace(/[^.]*$/, '')],
    ['an array', [sign(rsa.privateKey)]],
  ])('lets nobody in with a token signed by %s', async (_case, token) => {
    const refusal = await connectChannel(test.url, token).catch((error: unknown) => error as Refusal);
    expect((refusal as Refusal).data).toMatchObject({ error: { type: 'UNAUTHENTICATED' }, isRetryable: false });
    // Why it is bad helps those who try; what the key is, nobody is told.
    expect(JSON.stringify((refusal as Refusal).data)).not.toMatch(/BEGIN|RS256|HS256|secret/);
  });

  it('lets in who has a good one, in the handshake alone', async () => {
    const client = await connectChannel(test.url, sign(rsa.privateKey));
    expect((await client.ask('campaign:health')).payload.error).toBeUndefined();
    client.close();
    const token = sign(rsa.privateKey);
    const raw = await openRawWebSocket(test.url, `EIO=4&transport=websocket&token=${token}`);
    raw.send('40');
    expect(await raw.whenReceived('44')).toContain('UNAUTHENTICATED');
    raw.close();
    await whenQuiet(test);
  });
});

describe('the channel', () => {
  let test: TestApp;
  let campaignId: string;
  let otherId: string;
  const opened: ChannelClient[] = [];
  beforeAll(async () => {
    test = await startTestApp({
      time: 'real',
      variables: { CHANNEL_REQUESTS_PER_SECOND: '100000', CHANNEL_REQUEST_BURST: '100000' },
    });
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    for (const client of opened.splice(0)) client.close();
    await whenQuiet(test);
    campaignId = (await createCampaign(test.client))._id;
    otherId = (await createCampaign(test.client))._id;
  });
  const connect = async (token: string = createSupremeToken()): Promise<ChannelClient> => {
    const client = await connectChannel(test.url, token);
    opened.push(client);
    return client;
  };
  /** A connection that was let in, and over which anything can be sent. */
  const openRaw = async (token = createSupremeToken()): Promise<RawWebSocket> => {
    const raw = await openRawWebSocket(test.url);
    raw.send(`40${JSON.stringify({ token })}`);
    await raw.whenReceived('40');
    return raw;
  };

  describe('takes no key that means something to anybody', () => {
    const forbidden = ['"__proto__"', '"constructor"', '"prototype"', '"$set"', '"a.b"', '"a\\u0000b"', '"$"'];
    const bodies: Record<string, (object: string) => string> = {
      update: object => `"updates":${object}`,
      config: object => `"configType":"ui_content","config":${object}`,
      batch: object => `"operations":[{"kind":"update","updates":${object}}]`,
    };
    it.each(Object.keys(bodies))('in a request to %s', async action => {
      const raw = await openRaw();
      const before = (await (await connect()).ask('campaign:state', { campaignId })).payload;
      let id = 0;
      for (const key of forbidden) {
        for (const object of [`{${key}:{"x":1}}`, `{"a":{${key}:1}}`, `{"a":[{"b":{${key}:null}}]}`]) {
          id += 1;
          const payload = `{"campaignId":"${campaignId}",${bodies[action]?.(object)}}`;
          const type = `campaign:${action}:v1:requested`;
          raw.send(`42${id}["event",{"type":"${type}","eventId":"e-${id}","payload":${payload}}]`);
          expect(await raw.whenReceived(`43${id}[`)).toContain('"VALIDATION_ERROR"');
        }
      }
      raw.close();
      const after = (await (await connect()).ask('campaign:state', { campaignId })).payload;
      expect(after).toEqual(before);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    });

    it('beside the payload', async () => {
      const raw = await openRaw();
      const parts = [
        `"metadata":{"__proto__":{"user":{"userId":"admin"}},"user":{"userId":"admin","supreme":true}}`,
        `"__proto__":{"payload":{}},"payload":{"campaignId":"${campaignId}"}`,
        `"payload":{"campaignId":"${campaignId}","__proto__":{"version":1}}`,
      ];
      for (const [at, part] of parts.entries()) {
        raw.send(`42${at}["event",{"type":"campaign:state:v1:requested","eventId":"e-${at}",${part}}]`);
        const answer = await raw.whenReceived(`43${at}[`);
        expect(answer).not.toContain('admin');
      }
      raw.close();
      expect(({} as Record<string, unknown>)['user']).toBeUndefined();
    });
  });

  it('lets nobody speak as another, or of another campaign, beside what is asked for', async () => {
    const client = await connect(createUserToken({ [campaignId]: ['read', 'state:update'] }, 'ann'));
    const listener = await connect(createUserToken({ [otherId]: ['read'] }, 'bob'));
    await listener.ask('nexus:subscribe', { types: ['*'] });
    const metadata = {
      user: { userId: 'supreme-user', supreme: true },
      campaign: { campaignId: otherId },
      session: { sessionId: 's-1' },
    };
    const answer = await client.ask('campaign:update', { campaignId, updates: { secret: 'sesame' } }, { metadata });
    expect(answer.metadata).toMatchObject({ user: { userId: 'ann' }, campaign: { campaignId } });
    const denied = await client.ask('campaign:update', { campaignId: otherId, updates: {} }, { metadata });
    expect(denied.payload.error?.type).toBe('UNAUTHORIZED');
    const smuggled = await client.ask('campaign:update', { campaignId, updates: {}, user: { userId: 'x' } });
    expect(smuggled.payload.error?.type).toBe('VALIDATION_ERROR');
    await listener.ask('campaign:health');
    expect(JSON.stringify(listener.events)).not.toContain('sesame');
  });

  it('tells a caller of its faults nothing that it did not send', async () => {
    const client = await connect(createUserToken({ [campaignId]: ['read'] }, 'ann'));
    const since = { version: 1, changeId: { $ne: '' } };
    const answers = [
      await client.ask('campaign:subscribe', { campaignId, since }),
      await client.ask('campaign:state', { campaignId, version: '1; drop' }),
      await client.ask('campaign:history', { campaignId, limit: 1e9 }),
      await client.ask('campaign:list', { limit: 10, offset: 0, q: { $where: 'x' } }),
      await client.ask('auth:refresh', { token: 'x.y.z' }),
      await client.ask('campaign:rollback', { campaignId: { $gt: '' }, toVersion: 1 }),
    ];
    expect(answers.map(({ payload }) => payload.error?.type)).toEqual([
      'VALIDATION_ERROR',
      'VALIDATION_ERROR',
      'VALIDATION_ERROR',
      'VALIDATION_ERROR',
      'UNAUTHENTICATED',
      'VALIDATION_ERROR',
    ]);
    expect(JSON.stringify(answers)).not.toMatch(/node_modules|\.ts:|at [A-Z]\w+\.|lmdb|mongo/i);
  });

  it('takes any bytes, answers or hangs up, and goes on', async () => {
    const good = await connect();
    const text = fc.oneof(
      fc.string({ maxLength: 80, unit: 'binary' }),
      fc.constantFrom('', '0', '1', '2', '3probe', '5', '6', '7', '40', '41', '44"x"', '40/admin,', 'bAAAA', '4', '42'),
      fc.constantFrom(
        '451-["event",{"_placeholder":true,"num":0}]',
        '4511-["event"]',
        '45999999999-["event"]',
        '461-3[]',
      ),
      fc.constantFrom(
        '42["event",',
        '42["event"]',
        '42["connect"]',
        '42[1,{}]',
        '42{"0":"event"}',
        '43999[{}]',
        '4/x,2',
      ),
      fc.json({ maxDepth: 3 }).map(json => `42["event",${json}]`),
      fc.integer({ min: 10_000, max: 200_000 }).map(length => `42["event","${'x'.repeat(length)}"]`),
      fc.constant(`42["event",${'['.repeat(20_000)}${']'.repeat(20_000)}]`),
    );
    const frame = fc.oneof(
      { weight: 6, arbitrary: fc.record({ opcode: fc.constant(1), content: text.map(one => Buffer.from(one)) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          opcode: fc.constantFrom(0, 2, 3, 8, 9, 10, 11),
          content: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          opcode: fc.constant(-1),
          content: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
        }),
      },
    );
    const seed = 20_260_301;
    let raw = await openRaw();
    let before = await openRawWebSocket(test.url);
    for (const [at, { opcode, content }] of fc.sample(frame, { numRuns: 250, seed }).entries()) {
      if (raw.isClosed) raw = await openRaw();
      if (before.isClosed) before = await openRawWebSocket(test.url);
      // Half of it from somebody who has not said who it is.
      const to = at % 2 === 0 ? raw : before;
      if (opcode < 0) to.write(content);
      else to.send(content, opcode);
    }
    expect((await good.ask('campaign:health')).payload.error).toBeUndefined();
    raw.close();
    before.close();
    good.close();
    await whenQuiet(test);
    expect(errorsOf(test)).toEqual([]);
  });

  it('lets a connection in once, however often it asks', async () => {
    const raw = await openRawWebSocket(test.url);
    for (let times = 0; times < 5; times += 1) raw.send(`40${JSON.stringify({ token: createSupremeToken() })}`);
    await until(
      () => raw.received.filter(text => text.startsWith('4')).length + (raw.isClosed ? 5 : 0),
      count => count >= 5,
    );
    expect(raw.received.filter(text => text.startsWith('40')).length).toBeLessThanOrEqual(1);
    expect((await readMetrics(test))['connections']).toBeLessThanOrEqual(1);
    raw.close();
    await whenQuiet(test);
  });

  it('hears out who cannot say who it is only so often', async () => {
    const raw = await openRawWebSocket(test.url);
    for (let times = 0; times < 100; times += 1) raw.send('40{"token":"garbage"}');
    await raw.closed;
    expect(raw.received.filter(text => text.startsWith('44')).length).toBeLessThan(20);
  });

  it('keeps nothing of those who come and go, or stay away half way', async () => {
    const before = await (await connect()).ask('campaign:health');
    const churn = async (at: number): Promise<void> => {
      const raw = await openRawWebSocket(test.url);
      if (at % 4 === 0) return raw.close();
      raw.send(`40${JSON.stringify({ token: at % 4 === 1 ? 'garbage' : createSupremeToken() })}`);
      if (at % 4 === 2) return raw.close();
      await Promise.race([raw.whenReceived('4'), raw.closed]);
      const request = (action: string, payload: object) =>
        `42["event",${JSON.stringify({ type: `${action}:v1:requested`, eventId: randomUUID(), payload })}]`;
      raw.send(request('campaign:subscribe', { campaignId }));
      raw.send(request('nexus:subscribe', { types: ['campaign:*'] }));
      raw.send(request('campaign:update', { campaignId, updates: { at } }));
      if (at % 8 === 3) await Promise.race([raw.whenReceived('42'), raw.closed]);
      raw.close();
    };
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 20 }, (_none, at) => churn(at)));
    }
    for (const client of opened.splice(0)) client.close();
    await whenQuiet(test);
    const client = await connect();
    const after = await until(
      () => client.ask('campaign:health'),
      ({ payload }) => (payload['state'] as { subscribers: number }).subscribers === 0,
    );
    expect(after.payload).toMatchObject({
      ready: true,
      connections: 1,
      subscriptions: before.payload['subscriptions'],
    });
    // What happens to the campaign is told to nobody who left.
    await client.ask('campaign:subscribe', { campaignId });
    await client.ask('campaign:update', { campaignId, updates: { title: 'after' } });
    await until(
      () => client.received(STATE).length,
      count => count >= 2,
    );
    expect(errorsOf(test)).toEqual([]);
  });
});
