import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'node:net';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';
import {
  MethodNotAllowedError,
  ServiceUnavailableError,
  TimeoutError,
  UnauthenticatedError,
  ValidationError,
} from '../errors.ts';
import { toServiceError } from './error-formatter.ts';
import { type AppContext } from './request-state.ts';

describe('the error formatter', () => {
  let server: TestPipeline;
  const get = (): Promise<Response> => fetch(server.url, { headers: { 'x-correlation-id': 'c-1' } });

  afterEach(() => server.close());

  async function serveError(error: unknown, overrides = {}): Promise<void> {
    server = await servePipeline(() => {
      throw error;
    }, overrides);
  }

  it('answers an error of the service with its status, type, message and details', async () => {
    await serveError(new ValidationError([{ path: '/name', message: 'is required' }]));
    const response = await get();
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      error: {
        type: 'VALIDATION_ERROR',
        message: 'The input is not valid.',
        correlation: 'c-1',
        details: [{ path: '/name', message: 'is required' }],
      },
    });
  });

  it.each([
    [new UnauthenticatedError(), 'www-authenticate', /^Bearer/],
    [new MethodNotAllowedError(['GET', 'POST']), 'allow', /^GET, POST$/],
    [new ServiceUnavailableError('mongodb'), 'retry-after', /^2$/],
  ])('sends the headers of %s', async (error, name, value) => {
    await serveError(error);
    const response = await get();
    expect(response.status).toBe(error.status);
    expect(response.headers.get(name)).toMatch(value);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([new Error('secret cause'), 'secret cause', undefined, { secret: 'cause' }])(
    'shows nothing of %p, and logs it',
    async thrown => {
      await serveError(thrown);
      const response = await get();
      expect(response.status).toBe(500);
      const body = await response.text();
      expect(JSON.parse(body)).toMatchObject({ error: { type: 'INTERNAL_ERROR', correlation: 'c-1' } });
      expect(body).not.toContain('cause');
      const line = await server.waitForLine('request failed');
      expect(line).toMatchObject({ level: 'error', correlation: 'c-1', data: { type: 'INTERNAL_ERROR' } });
      if (thrown instanceof Error) expect(JSON.stringify(line)).toContain('secret cause');
    },
  );

  it('logs what a client did wrong at debug alone', async () => {
    await serveError(new ValidationError([]));
    await get();
    expect(await server.waitForLine('request refused')).toMatchObject({ level: 'debug' });
    expect(server.lines.filter(line => line['level'] === 'error')).toEqual([]);
  });

  it('logs a dependency that is down at warn', async () => {
    await serveError(new ServiceUnavailableError('mongodb', { cause: new Error('ECONNREFUSED') }));
    await get();
    expect(await server.waitForLine('request failed')).toMatchObject({ level: 'warn' });
  });

  it('answers 504 at the deadline, and is not shaken by what the work does later', async () => {
    let finish: () => void = () => undefined;
    const late = new Promise<void>(resolve => (finish = resolve));
    server = await servePipeline(
      async ctx => {
        await late;
        if (ctx.path === '/throws') throw new Error('too late');
        ctx.state.reply = { data: 'too late' };
      },
      { requestTimeoutMs: 20 },
    );
    for (const path of ['/', '/throws']) {
      const response = await fetch(server.url + path);
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({ error: { type: 'TIMEOUT' } });
    }
    finish();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(server.errors).toEqual([]);
  });

  it('is not shaken by a client that goes away', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>(resolve => (arrived = resolve));
    let finish: () => void = () => undefined;
    const late = new Promise<void>(resolve => (finish = resolve));
    server = await servePipeline(async ctx => {
      arrived();
      await late;
      if (ctx.path === '/throws') throw new Error('no');
      ctx.state.reply = { data: 'x'.repeat(100_000) };
    });
    const unhandled = jest.fn();
    process.once('unhandledRejection', unhandled);
    for (const path of ['/', '/throws']) {
      const socket = connect(server.port, '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n`);
      await arrival;
      await new Promise(resolve => setTimeout(resolve, 10));
      socket.destroy();
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    finish();
    await new Promise(resolve => setTimeout(resolve, 20));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect((await get()).status).toBe(200);
  });

  it('answers HEAD without a body', async () => {
    await serveError(new ValidationError([]));
    const response = await fetch(server.url, { method: 'HEAD' });
    expect(response.status).toBe(400);
    expect(await response.text()).toBe('');
  });

  it('lets a handler that wrote already be', async () => {
    server = await servePipeline((ctx: AppContext) => {
      ctx.respond = false;
      ctx.res.writeHead(200);
      ctx.res.end('partly');
      throw new Error('after that');
    });
    expect(await (await get()).text()).toBe('partly');
  });
});

/** What Koa and its companions throw. */
function createHttpError(status: number): Error {
  return Object.assign(new Error('a message'), { status, statusCode: status, expose: status < 500 });
}

describe('toServiceError', () => {
  it.each([
    [createHttpError(401), 'UNAUTHENTICATED'],
    [createHttpError(403), 'UNAUTHORIZED'],
    [createHttpError(404), 'ROUTE_NOT_FOUND'],
    [createHttpError(413), 'PAYLOAD_TOO_LARGE'],
    [createHttpError(415), 'UNSUPPORTED_MEDIA_TYPE'],
    [createHttpError(400), 'VALIDATION_ERROR'],
    [createHttpError(422), 'VALIDATION_ERROR'],
    [createHttpError(500), 'INTERNAL_ERROR'],
    [createHttpError(503), 'INTERNAL_ERROR'],
    [Object.assign(new Error('x'), { status: 400 }), 'INTERNAL_ERROR'],
    [new TimeoutError(), 'TIMEOUT'],
  ])('of %s is %s', (thrown, type) => {
    expect(toServiceError(thrown).type).toBe(type);
  });
});
