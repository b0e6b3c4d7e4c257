import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seedLoad } from '../../app/demo/load/seed-load.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { runScript } from '../support/script.ts';
import { createSupremeToken, createToken } from '../support/tokens.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(120_000);

describe('scripts/refresh with the service', () => {
  let test: TestApp;
  let directory: string;
  let tokenFile: string;

  beforeAll(async () => {
    test = await startTestApp({ variables: { LOG_LEVEL: 'debug' } });
    directory = await mkdtemp(path.join(tmpdir(), 'refresh-'));
    tokenFile = path.join(directory, 'token');
    await writeFile(tokenFile, `${createSupremeToken('refresh-job')}\n`);
    await seedLoad(test.app.contexts.forSystem('test'), { campaigns: 20 });
  });
  afterAll(async () => {
    await test.stop();
    await rm(directory, { recursive: true });
  });

  it('prints how many campaigns were moved, and none are left for the next run', async () => {
    const variables = { REFRESH_TOKEN_FILE: tokenFile };
    const first = await runScript('refresh', ['--url', test.url], { variables });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const counts = { failedCount: 0, failed: [], attempts: 1 };
    expect(JSON.parse(first.stdout)).toEqual({ opened: 2, closed: 1, inactivated: 1, ...counts });
    const second = await runScript('refresh', ['--url', `${test.url}/`], { variables });
    expect(JSON.parse(second.stdout)).toEqual({ opened: 0, closed: 0, inactivated: 0, ...counts });
  });

  it('names campaigns that cannot be moved, and fails for them only when it is strict', async () => {
    const incomplete = { name: 'Nobody finished this', date: { open: '2026-01-01T00:00:00Z' } };
    const { _id } = (await test.client.post('/campaigns', incomplete)).data as { _id: string };
    const variables = { REFRESH_TOKEN: createSupremeToken() };
    for (const [args, expected] of [
      [[], 0],
      [['--strict'], 1],
    ] as const) {
      const { code, stdout, stderr } = await runScript('refresh', ['--url', test.url, ...args], { variables });
      expect(code).toBe(expected);
      expect(JSON.parse(stdout)).toMatchObject({
        failedCount: 1,
        failed: [{ campaignId: _id, type: 'VALIDATION_ERROR' }],
      });
      expect(stderr).toBe(`Campaign ${_id} cannot be moved: VALIDATION_ERROR.\n`);
    }
  });

  it('does not repeat what is refused, and never shows its token', async () => {
    const token = createToken({ userId: 'somebody' });
    const { code, stdout, stderr } = await runScript('refresh', ['--url', test.url, '--token', token]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('403 UNAUTHORIZED');
    expect(stderr).not.toContain(token);
    expect(stderr).not.toContain('Attempt');
  });

  it('needs one token, and an address', async () => {
    const results = await Promise.all([
      runScript('refresh', ['--url', test.url]),
      runScript('refresh', ['--url', test.url], { variables: { REFRESH_TOKEN: 'a', REFRESH_TOKEN_FILE: tokenFile } }),
      runScript('refresh', ['--url', test.url], { variables: { REFRESH_TOKEN_FILE: path.join(directory, 'none') } }),
      runScript('refresh', ['--url', 'campaigns:8080', '--token', 'a']),
    ]);
    expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  });
});

describe('scripts/refresh with a service that has its troubles', () => {
  const done = { data: { opened: 1, closed: 0, inactivated: 0, failedCount: 0, failed: [] } };
  const servers: Server[] = [];

  interface Call {
    readonly at: number;
    readonly headers: IncomingHttpHeaders;
  }

  /** Starts a server that answers each call by the next of its answers, the last one again and again. */
  async function serve(...answers: ((response: ServerResponse) => void)[]): Promise<{ url: string; calls: Call[] }> {
    const calls: Call[] = [];
    const server = createServer((request, response) => {
      calls.push({ at: performance.now(), headers: request.headers });
      answers[Math.min(calls.length, answers.length) - 1]?.(response);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
  }

  const reply =
    (status: number, body: object, headers: Record<string, string> = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const error = (type: string): object => ({ error: { type, message: 'Not now.', correlation: 'x' } });
  const run = (url: string, ...args: string[]): ReturnType<typeof runScript> =>
    runScript('refresh', ['--url', url, '--token', 'a.b.c', '--backoff', '5ms', ...args]);

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('tries again after 5xx and lost connections, under one correlation id', async () => {
    const { url, calls } = await serve(
      reply(503, error('SERVICE_UNAVAILABLE')),
      response => response.destroy(),
      reply(504, error('TIMEOUT')),
      reply(200, done),
    );
    const { code, stdout, stderr } = await run(url);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ...done.data, attempts: 4 });
    expect(stderr).toContain('Attempt 1: it answered 503 SERVICE_UNAVAILABLE: Not now.');
    expect(new Set(calls.map(({ headers }) => headers['x-correlation-id'])).size).toBe(1);
    expect(calls.every(({ headers }) => headers.authorization === 'Bearer a.b.c')).toBe(true);
  });

  it('waits as long as Retry-After asks', async () => {
    const { url, calls } = await serve(reply(429, error('RATE_LIMITED'), { 'retry-after': '1' }), reply(200, done));
    expect(await run(url)).toMatchObject({ code: 0 });
    const [first, second] = calls;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990);
  });

  it('gives up with 3 when the service was reached and gave no result', async () => {
    const slow = await serve(() => undefined);
    const failing = await serve(reply(500, error('INTERNAL_ERROR')));
    const results = await Promise.all([
      run(slow.url, '--attempts', '1', '--timeout', '100ms'),
      run(failing.url, '--attempts', '2'),
    ]);
    expect(results).toMatchObject([
      { code: 3, stdout: '' },
      { code: 3, stdout: '' },
    ]);
    expect(failing.calls).toHaveLength(2);
    expect(results[1].stderr).toContain('The refresh was not completed; the log has it as refresh-');
  });

  it('gives up with 4 when there is nobody', async () => {
    const { url } = await serve(reply(200, done));
    servers.splice(0).forEach(server => server.close());
    const { code, stdout, stderr } = await run(url, '--attempts', '2');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('ECONNREFUSED');
  });

  it('does not take the answer of something else for a result', async () => {
    const { url, calls } = await serve(reply(200, { hello: 'world' }));
    expect(await run(url)).toMatchObject({ code: 2, stdout: '' });
    expect(calls).toHaveLength(1);
  });
});
