import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLog, silentLog } from '../lib/log.ts';
import { type AppMiddleware } from '../lib/middlewares/request-state.ts';
import { closeGently, createHttpServer, type HttpServer, listen } from './http.ts';
import { type Actor } from './policy.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 10_000;

describe('the HTTP server', () => {
  const servers: HttpServer[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await closeGently(server, PATIENCE_MS);
    }
  });

  type Options = Partial<Parameters<typeof createHttpServer>[1]>;
  const create = (handle: AppMiddleware<Actor>, options: Options = {}): HttpServer => {
    const server = createHttpServer([handle], {
      trustedProxies: 0,
      requestTimeoutMs: 10_000,
      log: silentLog,
      ...options,
    });
    servers.push(server);
    return server;
  };
  const start = async (handle: AppMiddleware<Actor>, options: Options = {}) => {
    const server = create(handle, options);
    await listen(server, 0, HOST);
    const { port } = server.address() as AddressInfo;
    return { server, port, url: `http://${HOST}:${port}/` };
  };
  const open = async (port: number): Promise<Socket> => {
    const socket = connect(port, HOST);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  /** Sends three of a hundred bytes. */
  const beginUpload = async (port: number): Promise<Socket> => {
    const socket = await open(port);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc');
    return socket;
  };
  const readBody: AppMiddleware<Actor> = async ctx => {
    ctx.body = await text(ctx.req);
  };
  const hello: AppMiddleware<Actor> = async ctx => {
    ctx.body = 'hello';
  };

  it('answers with what the middlewares make', async () => {
    const { url } = await start(hello);
    await expect((await fetch(url)).text()).resolves.toBe('hello');
  });

  it('listens to nothing before it is told to', () => {
    expect(create(hello).listening).toBe(false);
  });

  it('says that a port is taken', async () => {
    const { port } = await start(hello);
    await expect(listen(create(hello), port, HOST)).rejects.toMatchObject({ code: 'EADDRINUSE', port, address: HOST });
  });

  it('reads the address of a caller from the proxy only where one is trusted', async () => {
    const tell: AppMiddleware<Actor> = async ctx => {
      ctx.body = ctx.ip;
    };
    const headers = { 'x-forwarded-for': '192.0.2.1, 203.0.113.9' };
    const [direct, proxied] = [await start(tell), await start(tell, { trustedProxies: 1 })];
    await expect((await fetch(direct.url, { headers })).text()).resolves.toBe(HOST);
    await expect((await fetch(proxied.url, { headers })).text()).resolves.toBe('203.0.113.9');
  });

  it('takes from a caller nothing that it wrote into the header itself, however many proxies there are', async () => {
    const { url } = await start(
      async ctx => {
        ctx.body = ctx.ip;
      },
      { trustedProxies: 2 },
    );
    const headers = { 'x-forwarded-for': 'spoofed, 203.0.113.9, 10.0.0.1' };
    await expect((await fetch(url, { headers })).text()).resolves.toBe('203.0.113.9');
  });

  it('refuses to upgrade a connection', async () => {
    const { port } = await start(hello);
    const socket = await open(port);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
    await expect(text(socket)).resolves.toMatch(/^HTTP\/1\.1 426 /);
  });

  it('answers what is no HTTP with 400, and goes on', async () => {
    const { port, url } = await start(hello);
    const socket = await open(port);
    socket.write('this is no HTTP\r\n\r\n');
    await expect(text(socket)).resolves.toMatch(/^HTTP\/1\.1 400 /);
    await expect((await fetch(url)).text()).resolves.toBe('hello');
  });

  it('answers a request that does not arrive in time with 408, and hangs up', async () => {
    const { port } = await start(readBody, { requestTimeoutMs: 100 });
    const socket = await beginUpload(port);
    const closed = once(socket, 'close');
    await expect(text(socket)).resolves.toMatch(/^HTTP\/1\.1 408 /);
    await closed;
  });

  it.each([
    ['a fault of the service', new Error('a fault'), 'error'],
    ['a socket that broke', Object.assign(new Error('broken'), { code: 'EPIPE' }), 'debug'],
    ['a stream that ended with it', Object.assign(new Error('ended'), { code: 'ERR_STREAM_DESTROYED' }), 'debug'],
    ['what a client may not ask for', Object.assign(new Error('no'), { status: 406, expose: true }), 'debug'],
  ])('logs %s that no middleware answered, as important as it is', async (_what, error, level) => {
    const lines: { level: string; message: string }[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
    const { Log: log } = createLog({ level: 'debug', environment: 'test', destination });
    const { url } = await start(() => Promise.reject(error), { log });
    await (await fetch(url)).text();
    expect(lines).toMatchObject([{ level, message: 'http.failed' }]);
  });

  it('survives clients that go away in the midst of an answer or an upgrade', async () => {
    const { port, url } = await start(async ctx => {
      ctx.body = 'x'.repeat(5_000_000);
    });
    for (const upgrade of ['', 'connection: Upgrade\r\nupgrade: websocket\r\n']) {
      const socket = await open(port);
      socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`);
      await new Promise(resolve => setImmediate(resolve));
      socket.resetAndDestroy();
    }
    await expect((await fetch(url)).text()).resolves.toHaveLength(5_000_000);
  });

  describe('when it closes', () => {
    it('answers what is under way, takes nothing new, and then is closed', async () => {
      let answer = (): void => undefined;
      let onArrival = (): void => undefined;
      const arrived = new Promise<void>(resolve => (onArrival = resolve));
      const { server, port, url } = await start(async ctx => {
        const gate = new Promise<void>(resolve => (answer = resolve));
        onArrival();
        await gate;
        ctx.body = 'late';
      });
      const underWay = fetch(url);
      await arrived;
      let isClosed = false;
      const closed = closeGently(server, PATIENCE_MS).then(() => (isClosed = true));
      const late = connect(port, HOST);
      sockets.push(late);
      await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(isClosed).toBe(false);
      answer();
      await expect((await underWay).text()).resolves.toBe('late');
      await closed;
    });

    it('does not wait for connections that clients keep for their next request', async () => {
      const { server, url } = await start(hello);
      const agent = new Agent({ keepAlive: true });
      const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
      await expect(text(response)).resolves.toBe('hello');
      await closeGently(server, PATIENCE_MS);
      agent.destroy();
    });

    it('does not wait for connections on which nothing was ever asked', async () => {
      const { server, port } = await start(hello);
      const silent = await open(port);
      const ended = once(silent, 'close');
      silent.resume();
      await closeGently(server, PATIENCE_MS);
      await ended;
    });

    it('cuts off what does not arrive, and who does not take an answer, and still answers who waits', async () => {
      let answer = (): void => undefined;
      let count = 0;
      const untaken: Promise<unknown>[] = [];
      let onArrival = (): void => undefined;
      const arrived = new Promise<void>(resolve => (onArrival = resolve));
      const { server, port, url } = await start(async ctx => {
        count += 1;
        if (count === 3) onArrival();
        if (ctx.method === 'POST') return readBody(ctx, () => Promise.resolve());
        if (ctx.path === '/much') {
          untaken.push(once(ctx.res, 'close'));
          ctx.body = 'x'.repeat(20_000_000);
        } else {
          await new Promise<void>(resolve => (answer = resolve));
          ctx.body = 'late';
        }
      });
      const upload = await beginUpload(port);
      const full = await open(port);
      full.pause();
      full.write('GET /much HTTP/1.1\r\nhost: x\r\n\r\n');
      const underWay = fetch(url);
      await arrived;
      const closed = closeGently(server, 0);
      await once(upload.resume(), 'close');
      await Promise.all(untaken);
      expect((await text(full)).length).toBeLessThan(20_000_000);
      answer();
      await expect((await underWay).text()).resolves.toBe('late');
      await closed;
    });

    it('is closed at once when it never listened', async () => {
      await expect(closeGently(create(hello), PATIENCE_MS)).resolves.toBeUndefined();
    });
  });
});
