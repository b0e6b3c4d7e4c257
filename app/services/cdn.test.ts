import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpStub, startHttpStub } from '../../test/support/http-stub.ts';
import { loadTestConfig } from '../../test/support/test-config.ts';
import { until } from '../../test/support/until.ts';
import { type Cdn, createCdn, type PurgeTarget } from './cdn.ts';

const TOKEN = 'a-token-of-fastly';
const SERVICE_ID = 'SU1Z0isxPaozGVKXdv0eY';
const never = new AbortController().signal;

describe("Fastly's API", () => {
  let fastly: HttpStub;
  let cdn: Cdn;

  beforeAll(async () => {
    // What Fastly answers: an id for each key, or for the URL.
    fastly = await startHttpStub(({ method, path, headers, body }) => {
      if (method !== 'POST') return { status: 405 };
      if (headers['fastly-key'] !== TOKEN)
        return { status: 401, body: { msg: 'Provided credentials are missing or invalid' } };
      if (path.startsWith('/purge/')) return { body: { status: 'ok', id: '108-1391560174-974124' } };
      if (path !== `/service/${SERVICE_ID}/purge`) return { status: 404, body: { msg: 'Record not found' } };
      const { surrogate_keys: keys } = body as { surrogate_keys?: unknown };
      if (!Array.isArray(keys) || keys.length === 0 || keys.length > 256) return { status: 400 };
      return { body: Object.fromEntries(keys.map(key => [String(key), '108-1391560174-974124'])) };
    });
  });
  afterAll(() => fastly.stop());
  beforeEach(() => {
    fastly.recover();
    fastly.forget();
    cdn = create();
  });

  const create = (variables: Readonly<Record<string, string>> = {}, now?: () => number): Cdn => {
    const config = loadTestConfig({
      FASTLY_SERVICE_ID: SERVICE_ID,
      FASTLY_API_TOKEN: TOKEN,
      FASTLY_API_URL: `${fastly.url}/`,
      ...variables,
    });
    const { serviceId = '' } = config.fastly;
    return createCdn({ ...config.fastly, serviceId }, now && { now });
  };
  const keysOf = (count: number): PurgeTarget[] =>
    Array.from({ length: count }, (_none, at) => ({ key: `campaign/${at}` }));
  const paths = (): string[] => fastly.requests.map(({ path }) => path);

  it('is asked to purge up to 256 keys at once', async () => {
    expect(await cdn.purge(keysOf(300), never)).toEqual(new Map());
    expect(fastly.requests.map(({ body }) => (body as { surrogate_keys: string[] }).surrogate_keys.length)).toEqual([
      256, 44,
    ]);
    expect(fastly.requests[0]).toMatchObject({
      method: 'POST',
      path: `/service/${SERVICE_ID}/purge`,
      headers: { 'fastly-key': TOKEN, accept: 'application/json', 'content-type': 'application/json' },
    });
    expect(fastly.requests[0]?.headers).not.toHaveProperty('fastly-soft-purge');
  });

  it('is asked to purge each URL by itself', async () => {
    const urls = Array.from({ length: 20 }, (_none, at) => ({ url: `https://site-${at}.example.com/` }));
    expect((await cdn.purge(urls, never)).size).toBe(0);
    expect(paths().sort()).toEqual(urls.map((_url, at) => `/purge/site-${at}.example.com/`).sort());
    expect(fastly.requests.every(({ headers }) => headers['fastly-key'] === TOKEN)).toBe(true);
  });

  it('is asked for soft purges where they are configured', async () => {
    await create({ FASTLY_SOFT_PURGE: 'true' }).purge([{ key: 'a' }, { url: 'https://a.example/' }], never);
    expect(fastly.requests.map(({ headers }) => headers['fastly-soft-purge'])).toEqual(['1', '1']);
  });

  it('needs to purge no URL that it does not know', async () => {
    fastly.failNext({ status: 404 });
    expect(await cdn.purge([{ url: 'https://elsewhere.example/' }], never)).toEqual(new Map());
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9_000],
    [{ 'fastly-ratelimit-reset': String(Date.UTC(2026, 0, 1, 0, 0, 30) / 1000) }, 30_000],
    [{ 'retry-after': '999999' }, 3_600_000],
    [{ 'fastly-ratelimit-reset': '1' }, 0],
  ])('says with 429 when it is to be asked again: %j', async (headers, retryAfterMs) => {
    fastly.failAlways({ status: 429, headers });
    const targets = [...keysOf(2), { url: 'https://a.example/' }];
    const failures = await create({}, () => Date.UTC(2026, 0, 1)).purge(targets, never);
    expect([...failures.keys()]).toEqual(targets);
    for (const failure of failures.values())
      expect(failure).toMatchObject({ retryAfterMs, error: { message: 'Fastly answers 429.' } });
  });

  it('fails some and purges others', async () => {
    fastly.failNext({ status: 503 });
    const targets = [...keysOf(300), { url: 'https://a.example/' }];
    const failures = await cdn.purge(targets, never);
    expect([...failures.keys()]).toEqual(targets.slice(0, 256));
    expect(paths()).toHaveLength(3);
  });

  it.each([
    [{ status: 401 }, /FASTLY_API_TOKEN is not valid, or may not purge/],
    [{ status: 403 }, /FASTLY_API_TOKEN is not valid, or may not purge/],
    [{ status: 404 }, /FASTLY_SERVICE_ID/],
    [{ status: 429 }, /Fastly answers 429/],
    [{ status: 500 }, /Fastly answers 500/],
    ['reset' as const, /Fastly does not answer: ECONNRESET/],
  ])('that purges nothing is an error: %j', async (failure, message) => {
    fastly.failAlways(failure);
    const error = await cdn.purge(keysOf(1), never).catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(message);
    expect(String((error as Error).stack)).not.toContain(TOKEN);
  });

  it('that sends elsewhere is not followed: the token is for its host alone', async () => {
    fastly.failNext({ status: 307, headers: { location: `${fastly.url}/service/${SERVICE_ID}/purge` } });
    await expect(cdn.purge(keysOf(1), never)).rejects.toThrow('Fastly answers 307.');
    expect(paths()).toHaveLength(1);
  });

  it('that hangs is left after the time-out', async () => {
    fastly.failAlways('hang');
    await expect(create({ FASTLY_TIMEOUT_MS: '100' }).purge(keysOf(1), never)).rejects.toThrow(
      'Fastly does not answer: TimeoutError.',
    );
  });

  it('that hangs is left by the signal', async () => {
    fastly.failAlways('hang');
    const controller = new AbortController();
    const ended = expect(cdn.purge(keysOf(1), controller.signal)).rejects.toThrow(
      'Fastly does not answer: AbortError.',
    );
    await until(paths, asked => asked.length > 0);
    controller.abort();
    await ended;
  });
});
