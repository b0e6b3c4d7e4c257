import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type HttpStub, startHttpStub } from '../test/support/http-stub.ts';
import { createHttpClient, HttpCallError, type HttpClientOptions } from './http-client.ts';

const SECRET = 'do-not-tell-anyone';

describe('the HTTP client', () => {
  let stub: HttpStub;
  let logged: unknown[] = [];
  let outcomes: string[] = [];

  beforeAll(async () => {
    stub = await startHttpStub(({ path }) => ({ body: { path } }));
  });
  afterEach(() => {
    stub.recover();
    stub.forget();
    logged = [];
    outcomes = [];
  });
  afterAll(() => stub.stop());

  const log = {
    warn: (...line: unknown[]) => void logged.push(line),
    info: (...line: unknown[]) => void logged.push(line),
  };
  const open = (options: Partial<HttpClientOptions> = {}) =>
    createHttpClient({
      target: 'vendor',
      baseUrl: `${stub.url}/v2/`,
      headers: { 'private-token': SECRET },
      query: { apikey: SECRET },
      timeoutMs: 5_000,
      attempts: 3,
      backoff: { baseMs: 0, maxMs: 0 },
      log,
      onAttempt: outcome => void outcomes.push(outcome),
      ...options,
    });
  const failureOf = async (call: Promise<unknown>): Promise<HttpCallError> => {
    const error: unknown = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof HttpCallError)) throw new Error(`It did not fail as it should: ${String(error)}`);
    return error;
  };

  it('sends what it is told, with the credentials, and gives the parsed answer', async () => {
    const { status, body } = await open().request({
      method: 'POST',
      path: '/things/a%2Fb',
      query: { q: 'é & è', page: 0, none: undefined },
      headers: { 'x-correlation-id': 'one' },
      body: { name: 'x' },
    });
    expect([status, body]).toEqual([200, { path: '/v2/things/a%2Fb' }]);
    const [request] = stub.requests;
    expect(request).toMatchObject({
      method: 'POST',
      headers: { 'private-token': SECRET, 'x-correlation-id': 'one', 'content-type': 'application/json' },
      body: { name: 'x' },
    });
    expect(Object.fromEntries(request?.query ?? [])).toEqual({ q: 'é & è', page: '0', apikey: SECRET });
  });

  it.each([
    ['429', { status: 429 }],
    ['500', { status: 500 }],
    ['503', { status: 503, headers: { 'retry-after': '0' } }],
    ['a broken connection', 'reset'],
    ['an answer that breaks off', 'cut'],
  ] as const)('tries again after %s', async (_name, failure) => {
    stub.failNext(failure, failure);
    await expect(open().request({ path: '/' })).resolves.toMatchObject({ status: 200 });
    expect(stub.requests).toHaveLength(3);
    expect(outcomes.at(-1)).toBe('success');
  });

  it('gives up after the last attempt, and says what was answered', async () => {
    stub.failAlways({ status: 502, body: { fault: 'x' } });
    const error = await failureOf(open().request({ path: '/' }));
    expect(error).toMatchObject({ reason: 'status', status: 502, body: { fault: 'x' }, target: 'vendor' });
    expect(stub.requests).toHaveLength(3);
  });

  it('waits for an answer no longer than it is told, also for one that trickles', async () => {
    stub.failAlways('hang');
    const error = await failureOf(open({ timeoutMs: 20, attempts: 2 }).request({ path: '/' }));
    expect(error).toMatchObject({ reason: 'timeout', isTransient: true });
    expect(outcomes).toEqual(['timeout', 'timeout']);
  });

  it('repeats a POST only when it is said to be harmless', async () => {
    stub.failNext({ status: 500 });
    await failureOf(open().request({ method: 'POST', path: '/' }));
    expect(stub.requests).toHaveLength(1);
    stub.failNext({ status: 500 });
    await open().request({ method: 'POST', path: '/', isRepeatable: true });
    expect(stub.requests).toHaveLength(3);
  });

  it('does not repeat what was refused, and the circuit does not count it', async () => {
    stub.failAlways({ status: 404, body: { message: 'no' } });
    const client = open({ circuit: { failures: 1, openMs: 60_000 } });
    for (let at = 0; at < 3; at += 1) {
      expect(await failureOf(client.request({ path: '/' }))).toMatchObject({ status: 404, isTransient: false });
    }
    expect(stub.requests).toHaveLength(3);
    expect(client.isCircuitOpen).toBe(false);
    expect(outcomes).toEqual(['refused', 'refused', 'refused']);
  });

  it('follows no redirect, which would take the credentials along', async () => {
    stub.failAlways({ status: 302, headers: { location: `${stub.url}/elsewhere` } });
    expect(await failureOf(open().request({ path: '/' }))).toMatchObject({ status: 302 });
    expect(stub.requests.map(({ path }) => path)).toEqual(['/v2/']);
  });

  it('does not wait for a Retry-After beyond its limit, and tells it', async () => {
    stub.failAlways({ status: 429, headers: { 'retry-after': '3600' } });
    const error = await failureOf(open().request({ path: '/' }));
    expect(error.retryAfterMs).toBe(3_600_000);
    expect(stub.requests).toHaveLength(1);
  });

  it('opens its circuit after failures in a row, asks nothing while it is open, and closes it again', async () => {
    stub.failAlways({ status: 500 });
    const client = open({ attempts: 1, circuit: { failures: 2, openMs: 50 } });
    await failureOf(client.request({ path: '/' }));
    await failureOf(client.request({ path: '/' }));
    expect(client.isCircuitOpen).toBe(true);
    expect(await failureOf(client.request({ path: '/' }))).toMatchObject({ reason: 'circuitOpen', isTransient: true });
    expect(stub.requests).toHaveLength(2);
    stub.recover();
    await new Promise(resolve => setTimeout(resolve, 60));
    await expect(client.request({ path: '/' })).resolves.toMatchObject({ status: 200 });
    expect(client.isCircuitOpen).toBe(false);
    expect(logged.map(line => (line as unknown[])[0])).toEqual(['http.circuitOpen', 'http.circuitClosed']);
    expect(outcomes).toEqual(['status', 'status', 'circuitOpen', 'success']);
  });

  it('asks no more at once than it is told, lets others wait, and refuses what is too much', async () => {
    const busy = { now: 0, most: 0 };
    const slow = await startHttpStub(async () => {
      busy.most = Math.max(busy.most, (busy.now += 1));
      await new Promise(resolve => setTimeout(resolve, 5));
      busy.now -= 1;
      return { body: {} };
    });
    const client = open({ baseUrl: slow.url, maxConcurrent: 2, maxWaiting: 6 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => client.request({ path: '/' })));
    expect(busy.most).toBe(2);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
    expect(outcomes.filter(outcome => outcome === 'overloaded')).toHaveLength(2);
    await slow.stop();
  });

  it('reads no more than the limit, and nothing but JSON', async () => {
    const client = open({ maxResponseBytes: 100 });
    stub.failNext({ rawBody: JSON.stringify('x'.repeat(200)) });
    expect(await failureOf(client.request({ path: '/' }))).toMatchObject({ reason: 'body', isTransient: false });
    stub.failNext({ rawBody: '<html>' });
    expect(await failureOf(client.request({ path: '/' }))).toMatchObject({ reason: 'body' });
    stub.failNext({ status: 204 });
    await expect(client.request({ path: '/' })).resolves.toMatchObject({ status: 204, body: undefined });
  });

  it('ends when its caller does, with the reason of the caller', async () => {
    const reason = new Error('gone');
    const controller = new AbortController();
    stub.failAlways('hang');
    const call = open().request({ path: '/', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(call).rejects.toBe(reason);
    await expect(open().request({ path: '/', signal: controller.signal })).rejects.toBe(reason);
    expect(stub.requests).toHaveLength(1);
  });

  it('says nothing of its credentials, whatever happens', async () => {
    const errors: unknown[] = [];
    for (const failure of [{ status: 500 }, { status: 404, body: { url: 'x' } }, 'reset', { rawBody: '<' }] as const) {
      stub.failAlways(failure);
      errors.push(await failureOf(open({ circuit: { failures: 1, openMs: 1 } }).request({ path: '/' })));
    }
    errors.push(await failureOf(open({ baseUrl: 'http://127.0.0.1:1' }).request({ path: '/' })));
    errors.push(await failureOf(open({ headers: { 'private-token': `${SECRET}\n` } }).request({ path: '/' })));
    const told = JSON.stringify(
      [...errors, ...logged.flat()].map(error =>
        error instanceof Error ? [error.message, error.stack, String(error.cause), { ...error }] : error,
      ),
    );
    expect(errors).toHaveLength(6);
    expect(told).not.toContain(SECRET);
  });
});
