import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serve, type TestServer } from '../../test/support/pipeline.ts';
import { createSupremeToken, createUserToken, TEST_SECRET } from '../../test/support/tokens.ts';
import { createKeyProvider } from '../../lib/auth/key-provider.ts';
import { createId } from '../../lib/ids.ts';
import { silentLog } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createTokenVerifier } from '../../lib/auth/token-verifier.ts';
import { createPipeline } from '../../lib/middlewares/pipeline.ts';
import { type AppMiddleware } from '../../lib/middlewares/request-state.ts';
import { type ManagerContext } from '../context.ts';
import { type Actor, selectActor } from '../policy.ts';
import { type AnyRoute, defineRoute } from './route.ts';
import { createRouter } from './router.ts';

const campaignId = createId();

/** What the routes of these tests were called with. */
const calls: unknown[] = [];

const shared = {
  tag: 'Things',
  summary: 'Do it',
  response: { status: 200, kind: 'document', description: 'What came.' },
} as const;

const keep: AnyRoute['handler'] = (_ctx, input) => {
  calls.push(input);
  return { data: input };
};

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    page: { type: 'integer', minimum: 0, default: 0, description: 'P.' },
    isNew: { type: 'boolean', description: 'N.' },
    name: { type: 'string', description: 'N.' },
  },
} as const;

const body = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { type: 'string', description: 'N.' } },
} as const;

const headers = {
  type: 'object',
  properties: { 'if-match': { type: 'string', maxLength: 5, description: 'I.' } },
} as const;

const routes: readonly AnyRoute[] = [
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/things/latest',
    permission: 'public',
    handler: () => ({ data: 'latest' }),
  }),
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/things/:thing',
    permission: 'public',
    query,
    headers,
    handler: keep,
  }),
  defineRoute({ ...shared, method: 'GET', path: '/plain', permission: 'public', handler: keep }),
  defineRoute({
    ...shared,
    method: 'PATCH',
    path: '/campaigns/:campaignId',
    permission: 'update',
    query,
    body,
    handler: keep,
  }),
  defineRoute({
    ...shared,
    method: 'POST',
    path: '/markets/:marketId',
    permission: 'authenticated',
    body,
    handler: keep,
  }),
  defineRoute({
    ...shared,
    method: 'DELETE',
    path: '/markets/:marketId',
    permission: 'supreme',
    handler: () => ({ status: 204 }),
  }),
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/actor',
    permission: 'authenticated',
    handler: ({ actor }) => ({ data: actor?.userId }),
  }),
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/raw',
    permission: 'public',
    handler: () => ({ raw: 'as it is', type: 'text/plain; charset=utf-8' }),
  }),
];

interface Options extends RequestInit {
  readonly token?: string;
}

describe('the router', () => {
  let server: TestServer;
  beforeAll(async () => {
    const pipeline = createPipeline<Actor>({
      log: silentLog,
      metrics: createMetrics({ isProcessMeasured: false }).http,
      tracing: null,
      bodyLimitBytes: 10_000,
      requestTimeoutMs: 10_000,
      isAccessLogged: false,
      rateLimitPerMinute: null,
      tokens: createTokenVerifier<Actor>({
        keys: createKeyProvider({ secret: TEST_SECRET, log: silentLog }),
        toActor: selectActor,
        isRevoked: () => false,
      }),
    });
    const router = createRouter({
      routes,
      // The handlers of these tests look at the actor alone.
      createContext: ({ state }) => ({ actor: state.actor }) as unknown as ManagerContext,
    });
    server = await serve([...pipeline, router] as unknown as AppMiddleware[]);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    calls.length = 0;
  });

  const ask = async (method: string, path: string, { token, ...init }: Options = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      ...init,
      headers: {
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    const text = await response.text();
    const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as {
      data?: unknown;
      error?: { type: string; details?: { path: string }[] };
    };
    const { type, details } = answer.error ?? {};
    return {
      status: response.status,
      headers: response.headers,
      text,
      data: answer.data,
      type,
      paths: details?.map(({ path }) => path),
    };
  };

  describe('finds a route', () => {
    it('by method and path, the literal one before the one with a parameter', async () => {
      expect((await ask('GET', '/things/latest')).data).toBe('latest');
      expect((await ask('GET', '/things/other')).data).toMatchObject({ params: { thing: 'other' } });
    });

    it('for HEAD where there is one for GET', async () => {
      const { status, text } = await ask('HEAD', '/things/latest');
      expect({ status, text }).toEqual({ status: 200, text: '' });
    });

    it('the same way each time, by its own names, which nothing can change', async () => {
      for (const thing of ['one', 'two', 'one', 'o%20e', 'one']) await ask('GET', `/things/${thing}`);
      const named = calls.map(call => (call as { params: { thing: string } }).params);
      expect(named.map(({ thing }) => thing)).toEqual(['one', 'two', 'one', 'o e', 'one']);
      expect(named.every(params => Object.isFrozen(params))).toBe(true);
      for (let times = 0; times < 2; times += 1) {
        expect((await ask('PATCH', '/things/one')).type).toBe('METHOD_NOT_ALLOWED');
        expect((await ask('GET', '/things/one')).status).toBe(200);
        expect((await ask('GET', '/none/one')).type).toBe('ROUTE_NOT_FOUND');
      }
    });

    it('or says that there is none', async () => {
      for (const path of ['/nothing', '/things', '/things/a/b', '/', '//things/a']) {
        expect(await ask('GET', path)).toMatchObject({ status: 404, type: 'ROUTE_NOT_FOUND' });
      }
    });

    it('or says which methods there are', async () => {
      const answer = await ask('PATCH', `/markets/${campaignId}`);
      expect(answer).toMatchObject({ status: 405, type: 'METHOD_NOT_ALLOWED' });
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'POST']);
      expect((await ask('DELETE', '/things/a')).headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
    });
  });

  describe('asks in this order', () => {
    const broken: Options = { body: '{"name":' };

    it('who it is, whatever else is wrong', async () => {
      for (const path of [`/campaigns/${campaignId}`, '/campaigns/x', '/campaigns/x?unknown=1']) {
        expect(await ask('PATCH', path, broken)).toMatchObject({ status: 401, type: 'UNAUTHENTICATED' });
      }
      expect(await ask('POST', '/markets/x', { ...broken, token: 'no token' })).toMatchObject({ status: 401 });
    });

    it('then what is granted', async () => {
      const token = createUserToken({ [createId()]: ['update'] });
      expect(await ask('PATCH', `/campaigns/${campaignId}`, { ...broken, token })).toMatchObject({ status: 403 });
      expect(await ask('DELETE', '/markets/x', { token })).toMatchObject({ status: 403, type: 'UNAUTHORIZED' });
    });

    it('then whether the body can be read, then whether the ids are ids', async () => {
      const token = createSupremeToken();
      expect(await ask('POST', '/markets/x', { ...broken, token })).toMatchObject({
        status: 400,
        type: 'INVALID_JSON',
      });
      expect(await ask('POST', '/markets/x', { body: '{}', token })).toMatchObject({
        status: 404,
        type: 'MARKET_NOT_FOUND',
      });
      expect(await ask('PATCH', '/campaigns/x', { body: '{}', token })).toMatchObject({ type: 'CAMPAIGN_NOT_FOUND' });
    });

    it('then whether query and body are valid; nothing of it reaches the handler', async () => {
      const token = createUserToken({ [campaignId]: ['update'] });
      const path = `/campaigns/${campaignId}`;
      expect(await ask('PATCH', `${path}?page=x`, { body: '{}', token })).toMatchObject({
        status: 400,
        paths: ['page'],
      });
      expect(await ask('PATCH', path, { body: '{"colour":1}', token })).toMatchObject({
        type: 'VALIDATION_ERROR',
        paths: ['/name', '/colour'],
      });
      expect(await ask('PATCH', path, { token })).toMatchObject({ status: 400, paths: ['/name'] });
      expect(calls).toEqual([]);
      expect(await ask('PATCH', path, { body: '{"name":"a"}', token })).toMatchObject({ status: 200 });
      expect(calls).toEqual([{ params: { campaignId }, query: { page: 0 }, headers: {}, body: { name: 'a' } }]);
    });
  });

  describe('reads the query', () => {
    it('as the types of its schema, with its defaults', async () => {
      await ask('GET', '/things/a?page=2&isNew=true&name=7');
      await ask('GET', '/things/a');
      expect(calls).toMatchObject([{ query: { page: 2, isNew: true, name: '7' } }, { query: { page: 0 } }]);
    });

    it('strictly: what is unknown, twice there or of another type is named', async () => {
      expect(await ask('GET', '/things/a?page=-1&unknown=1&__proto__=2')).toMatchObject({
        status: 400,
        paths: expect.arrayContaining(['page', 'unknown', '__proto__']) as unknown,
      });
      expect(await ask('GET', '/things/a?name=a&name=b')).toMatchObject({ status: 400, paths: ['name'] });
      expect(await ask('GET', '/plain?a=1&b=2')).toMatchObject({ status: 400, paths: ['a', 'b'] });
      expect(await ask('GET', '/plain')).toMatchObject({ status: 200 });
    });

    it('anew for each request', async () => {
      await ask('GET', '/things/a');
      const [first] = calls as { query: Record<string, unknown> }[];
      expect(() => Object.assign(first?.query ?? {}, { page: 9 })).toThrow(TypeError);
      await ask('GET', '/things/b');
      expect(calls[1]).toMatchObject({ query: { page: 0 } });
    });
  });

  it('reads the headers that a route names, strictly, and no others', async () => {
    await ask('GET', '/things/a', { headers: { 'if-match': '"1"', 'x-other': 'x' } });
    expect(calls).toMatchObject([{ headers: { 'if-match': '"1"' } }]);
    expect((calls[0] as { headers: object }).headers).not.toHaveProperty('x-other');
    expect(await ask('GET', '/things/a', { headers: { 'if-match': '"too long"' } })).toMatchObject({ status: 400 });
  });

  it('gives handlers the context of the request, and answers what they give', async () => {
    expect((await ask('GET', '/actor', { token: createUserToken({}, 'somebody') })).data).toBe('somebody');
    const raw = await ask('GET', '/raw');
    expect(raw).toMatchObject({ status: 200, text: 'as it is' });
    expect(raw.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await ask('DELETE', `/markets/${campaignId}`, { token: createSupremeToken() })).toMatchObject({
      status: 204,
      text: '',
    });
  });
});
