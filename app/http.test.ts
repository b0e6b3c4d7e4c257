import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { silentLog } from '../lib/log.ts';
import { type AppMiddleware } from '../lib/middlewares/request-state.ts';
import { closeGently, createHttpServer, listen } from './http.ts';
import { type Actor } from './policy.ts';

const HOST = '127.0.0.1';

describe('the HTTP server', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await closeGently(server);
    }
  });

  const create = (handle: AppMiddleware<Actor>, isProxyTrusted = false): Server => {
    const server = createHttpServer([handle], { isProxyTrusted, log: silentLog });
    servers.push(server);
    return server;
  };
  const start = async (handle: AppMiddleware<Actor>, isProxyTrusted = false) => {
    const server = create(handle, isProxyTrusted);
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
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const [direct, proxied] = [await start(tell), await start(tell, true)];
    await expect((await fetch(direct.url, { headers })).text()).resolves.toBe(HOST);
    await expect((await fetch(proxied.url, { headers })).text()).resolves.toBe('203.0.113.9');
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
      const closed = closeGently(server).then(() => (isClosed = true));
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
      await closeGently(server);
      agent.destroy();
    });

    it('does not wait for connections on which nothing was ever asked', async () => {
      const { server, port } = await start(hello);
      const silent = await open(port);
      const ended = once(silent, 'close');
      silent.resume();
      await closeGently(server);
      await ended;
    });

    it('is closed at once when it never listened', async () => {
      await expect(closeGently(create(hello))).resolves.toBeUndefined();
    });
  });
});
