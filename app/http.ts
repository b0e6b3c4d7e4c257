import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import Koa from 'koa';
import { type Log } from '../lib/log.ts';
import { type AppMiddleware } from '../lib/middlewares/request-state.ts';
import { type Actor } from './policy.ts';

/** How long a connection may be without its first request while the server closes: what is on its way arrives in that. */
const FIRST_REQUEST_MS = 500;

/** A server that counts among its idle connections those that never asked anything, which browsers open ahead. */
class HttpServer extends Server {
  /** When they were opened, on the clock of `performance.now()`. */
  readonly #silent = new Map<Socket, number>();

  constructor(listener: (request: IncomingMessage, response: ServerResponse) => unknown) {
    super(listener);
    this.on('connection', socket => {
      this.#silent.set(socket, performance.now());
      socket.once('close', () => this.#silent.delete(socket));
    });
    this.on('request', ({ socket }) => this.#silent.delete(socket));
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const [socket, openedAt] of this.#silent) {
      if (performance.now() - openedAt > FIRST_REQUEST_MS) socket.destroy();
    }
  }
}

/**
 * Makes the HTTP server of a pipeline. Nothing listens yet.
 *
 * @param isProxyTrusted whether the address of a caller is read from `X-Forwarded-For`
 */
export function createHttpServer(
  middlewares: readonly AppMiddleware<Actor>[],
  { isProxyTrusted, log: createLogger }: { readonly isProxyTrusted: boolean; readonly log: Log },
): Server {
  const log = createLogger('app/http');
  const koa = new Koa({ proxy: isProxyTrusted });
  for (const middleware of middlewares) koa.use(middleware);
  // What comes here was not a request's fault to answer: a socket that broke while it was written to.
  koa.on('error', (error: unknown) => log.debug('http.failed', { error }));
  const server = new HttpServer(koa.callback());
  // Longer than load balancers keep idle connections, so that none is closed under a request.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  // No route upgrades a connection.
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}

/** Listens, or throws why not (`EADDRINUSE`, `EACCES`). */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Takes no more connections, and resolves when the requests that are under way are answered and all connections are closed. */
export async function closeGently(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  // Connections that clients keep open for their next request become idle one by one.
  const timer = setInterval(() => server.closeIdleConnections(), 50);
  server.closeIdleConnections();
  await closed;
  clearInterval(timer);
}
