import { afterAll, describe, expect, it } from '@jest/globals';
import { compileSchemas } from '../../lib/schema/validator.ts';
import { type AnyRoute } from '../../app/router/route.ts';
import { startTestApp } from '../support/app.ts';
import { type Answer, type RequestOptions } from '../support/client.ts';
import { createSampleWorld, fillPath, sampleRequest } from '../support/route-samples.ts';
import { createToken, createUserToken } from '../support/tokens.ts';

// The tables below are made of the routes, so the service runs before they are.
const test = await startTestApp();
const world = await createSampleWorld(test.client);
afterAll(() => test.stop());

const { routes } = test.app;
const UNKNOWN_ID = '0123456789abcdef01234567';

const named = (chosen: readonly AnyRoute[]) => chosen.map(route => [`${route.method} ${route.path}`, route] as const);
const closed = routes.filter(({ permission }) => permission !== 'public');
const withBody = routes.filter(({ body }) => body !== undefined);

function send(
  route: AnyRoute,
  token: string | null | undefined,
  { params = {}, ...options }: RequestOptions & { readonly params?: Record<string, string> } = {},
): Promise<Answer<unknown>> {
  const { path, query, body } = sampleRequest(route, world, params);
  const client = token === undefined ? test.client : test.client.as(token);
  return client.request(route.method, path, { body, ...options, query: { ...query, ...options.query } });
}

it('has schemas that can be compiled, all of them', () => {
  expect(compileSchemas).not.toThrow();
});

describe('who may call', () => {
  const claims = { userId: 'some-user', supreme: true };
  const badTokens = {
    'that is none': 'abc',
    'signed by another secret': createToken(claims, { secret: 'another secret, which nobody configured' }),
    'that is expired': createToken(claims, { expiresInSeconds: -60 }),
    'that is not valid yet': createToken({ ...claims, nbf: Math.floor(Date.now() / 1000) + 600 }),
    'from the future': createToken({ ...claims, iat: Math.floor(Date.now() / 1000) + 600 }),
    'that names no user': createToken({ supreme: true }),
    'that is not signed': `${createToken(claims)
      .replace(/^[^.]*/, 'eyJhbGciOiJub25lIn0')
      .replace(/[^.]*$/, '')}`,
  };

  it.each(named(closed))('%s: nobody without a token', async (_name, route) => {
    const answer = await send(route, null);
    expect([answer.status, answer.error.type]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it.each(named(closed))('%s: nobody with a bad token', async (_name, route) => {
    for (const [kind, token] of Object.entries(badTokens)) {
      const answer = await send(route, token);
      expect([kind, answer.status, answer.error.type]).toEqual([kind, 401, 'UNAUTHENTICATED']);
    }
  });

  it.each(named(closed.filter(({ permission }) => permission !== 'authenticated')))(
    '%s: nobody whose token does not grant it',
    async (_name, route) => {
      const { campaignId = '' } = world.params;
      const elsewhere = createUserToken({ [world.otherCampaignId]: ['update'], [campaignId]: ['media:join'] });
      const tooLittle = {
        supreme: [createUserToken({ [campaignId]: ['update'] })],
        update: [elsewhere, createUserToken({ [campaignId]: ['read', 'state:update'] })],
        read: [elsewhere],
        'read-or-public': [elsewhere],
      }[route.permission as 'supreme' | 'update' | 'read' | 'read-or-public'];
      for (const token of tooLittle) {
        const answer = await send(route, token);
        expect([answer.status, answer.error.type]).toEqual([403, 'UNAUTHORIZED']);
      }
    },
  );

  it.each(named(routes.filter(({ permission }) => permission === 'public')))(
    '%s: everyone, also with a bad token',
    async (_name, route) => {
      expect((await send(route, null)).status).toBe(200);
      expect((await send(route, 'abc')).status).toBe(200);
    },
  );
});

describe('what is not there', () => {
  const idParams = ['campaignId', 'marketId', 'promoterId', 'contactId'];
  const cases = routes.flatMap(route =>
    idParams
      .filter(name => route.path.includes(`:${name}`))
      .flatMap(name =>
        [UNKNOWN_ID, 'not-an-id', '0123456789ABCDEF01234567', '$ne', '%00'].map(id => ({ route, name, id })),
      ),
  );

  it.each(cases.map(({ route, name, id }) => [`${route.method} ${route.path}`, name, id, route] as const))(
    '%s: 404 for the %s %s',
    async (_title, name, id, route) => {
      const answer = await send(route, undefined, { params: { [name]: id } });
      expect([answer.status, answer.error.type]).toEqual([404, `${name.replace('Id', '').toUpperCase()}_NOT_FOUND`]);
    },
  );

  it('a path that no route has is 404, whatever the method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const path of ['/nowhere', '/', '/campaigns/a/b/c', '/docs/nothing.js', '/docs/..%2fpackage.json']) {
        if (method !== 'GET' && path.startsWith('/docs/')) continue;
        const { status, error } = await test.client.request(method, path);
        expect([method, path, status, error.type]).toEqual([method, path, 404, 'ROUTE_NOT_FOUND']);
      }
    }
  });

  it.each([...new Set(routes.map(({ path }) => path))])(
    '%s: another method is 405, and Allow lists what there is',
    async path => {
      const filled = fillPath(path, world.params);
      const allowed = routes
        .filter(other => new RegExp(`^${other.path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`).test(filled))
        .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
      for (const method of ['PUT', 'OPTIONS']) {
        const answer = await test.client.request(method, filled);
        expect([answer.status, answer.error.type]).toEqual([405, 'METHOD_NOT_ALLOWED']);
        expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...new Set(allowed)].sort());
      }
    },
  );
});

describe('what comes in', () => {
  it.each(named(routes))('%s: no unknown query parameter', async (_name, route) => {
    const answer = await send(route, undefined, { query: { $where: '1' } });
    expect(answer.status).toBe(400);
    expect(answer.error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: '$where' }] });
  });

  it.each(named(withBody))('%s: no body but JSON', async (_name, route) => {
    const text = await send(route, undefined, {
      rawBody: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([text.status, text.error.type]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    const utf16 = await send(route, undefined, {
      rawBody: '{}',
      headers: { 'content-type': 'application/json; charset=utf-16' },
    });
    expect([utf16.status, utf16.error.type]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    for (const rawBody of ['{', '{"a":1,}', '"text"', '1', 'null']) {
      const broken = await send(route, undefined, { rawBody });
      expect([rawBody, broken.status, broken.error.type]).toEqual([rawBody, 400, 'INVALID_JSON']);
    }
  });

  it.each(named(withBody))('%s: no body over the limit', async (_name, route) => {
    const answer = await send(route, undefined, { rawBody: `{"a":"${'x'.repeat(1_048_576)}"}` });
    expect([answer.status, answer.error.type]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it.each(named(withBody))(
    '%s: no field that it does not know, and none that means something elsewhere',
    async (_name, route) => {
      for (const [rawBody, pointer] of [
        ['{"unknown":1}', '/unknown'],
        ['{"$set":{"name":"x"}}', '/$set'],
        ['{"name":{"$ne":null}}', '/name/$ne'],
        ['{"a.b":1}', '/a.b'],
        ['{"a\\u0000":1}', '/a\0'],
        ['{"__proto__":{"supreme":true}}', '/__proto__'],
        ['{"a":{"constructor":{}}}', '/a/constructor'],
      ] as const) {
        const answer = await send(route, undefined, { rawBody });
        expect([rawBody, answer.status, answer.errorType]).toEqual([rawBody, 400, 'VALIDATION_ERROR']);
        expect(answer.error.details?.map(({ path }) => path)).toContain(pointer);
      }
    },
  );

  it.each(named(withBody))('%s: nothing nested more than 32 deep', async (_name, route) => {
    const answer = await send(route, undefined, { rawBody: `${'{"a":'.repeat(33)}1${'}'.repeat(33)}` });
    expect([answer.status, answer.error.type]).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.error.details).toEqual([{ path: '/a'.repeat(32), message: 'is nested too deeply' }]);
  });
});

describe('HEAD', () => {
  const ending = routes.filter(({ method, response }) => method === 'GET' && response.kind !== 'stream');
  it.each(named(ending))('%s: answers as GET does, without the body', async (_name, route) => {
    const { path, query } = sampleRequest(route, world);
    // A length is compared, and a compressed one would depend on the time of the answer.
    const options = { query, headers: { 'accept-encoding': 'identity' } };
    const get = await test.client.request('GET', path, options);
    const head = await test.client.request('HEAD', path, options);
    expect(head.status).toBe(get.status);
    const names = ['content-type', 'etag', 'cache-control', 'x-content-type-options'];
    // The metrics and the times of a health check are others each time.
    if (!['/metrics', '/health/ready'].includes(path)) names.push('content-length');
    for (const name of names) expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  });
});
