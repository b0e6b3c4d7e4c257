import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import Koa from 'koa';
import { type Log } from '../lib/log.ts';
import { type AppMiddleware } from '../lib/middlewares/request-state.ts';
import { type Actor } from './policy.ts';

/** How long a connection may be without its first request while the server closes: what is on its way arrives in that. */
const FIRST_REQUEST_MS = 500;

/** How often connections are looked through for requests that do not arrive. */
const ARRIVAL_CHECK_MS = 1000;

/** A connection: when it was opened, on the clock of `performance.now()`, and the answer to its last request. */
interface Connection {
  readonly openedAtMs: number;
  response?: ServerResponse;
}

/** A server that knows of its connections whether somebody works on an answer for them. */
export class HttpServer extends Server {
  readonly #connections = new Map<Socket, Connection>();

  /** @param requestTimeoutMs how long a request may take to arrive, body and all */
  constructor(
    listener: (request: IncomingMessage, response: ServerResponse) => unknown,
    { requestTimeoutMs }: { readonly requestTimeoutMs: number },
  ) {
    super(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(ARRIVAL_CHECK_MS, requestTimeoutMs),
      },
      listener,
    );
    this.on('connection', socket => {
      this.#connections.set(socket, { openedAtMs: performance.now() });
      socket.once('close', () => this.#connections.delete(socket));
    });
    this.on('request', ({ socket }, response) => {
      const connection = this.#connections.get(socket);
      if (connection !== undefined) connection.response = response;
    });
  }

  /** Among the idle ones are those that never asked anything, which browsers open ahead. */
  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const [socket, { openedAtMs, response }] of this.#connections) {
      if (response === undefined && performance.now() - openedAtMs > FIRST_REQUEST_MS) socket.destroy();
    }
  }

  /** Closes the connections on which the service waits for the client: for the rest of a request, or to take its answer. */
  closeStalledConnections(): void {
    for (const [socket, { response }] of this.#connections) {
      if (response?.req.complete !== true || response.writableEnded) socket.destroy();
    }
  }
}

/**
 * Makes the HTTP server of a pipeline. Nothing listens yet.
 *
 * @param trustedProxies how many proxies stand in front: the address of a caller is read from what the first of them
 *   added to `X-Forwarded-For`, since all before that is written by the caller; with 0 it is that of the connection
 * @param requestTimeoutMs how long a request may take to arrive; what does not is answered 408
 * @param upgradePath below which connections are upgraded by somebody else; no other is
 */
export function createHttpServer(
  middlewares: readonly AppMiddleware<Actor>[],
  {
    trustedProxies,
    requestTimeoutMs,
    upgradePath,
    log: createLogger,
  }: {
    readonly trustedProxies: number;
    readonly requestTimeoutMs: number;
    readonly upgradePath?: string;
    readonly log: Log;
  },
): HttpServer {
  const log = createLogger('app/http');
  const koa = new Koa({ proxy: trustedProxies > 0, maxIpsCount: trustedProxies });
  for (const middleware of middlewares) koa.use(middleware);
  // What comes here came from outside of the error formatter, or from a socket while it was written to.
  koa.on('error', (error: unknown) => log[isOfClient(error) ? 'debug' : 'error']('http.failed', { error }));
  const server = new HttpServer(koa.callback(), { requestTimeoutMs });
  // Longer than load balancers keep idle connections, so that none is closed under a request.
  server.keepAliveTimeout = 65_000;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
    // Not left half open: whoever does not send the rest of a request may not hang up either.
    const hangUp = (): void => void socket.destroy();
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, hangUp);
    else hangUp();
  });
  // No route upgrades a connection.
  server.on('upgrade', ({ url }, socket) => {
    if (upgradePath !== undefined && url?.startsWith(upgradePath) === true) return;
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}

/** What a socket says that broke, and a stream that ended with it. */
const BROKEN_SOCKET = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_\w+)$/;

/** Whether an error is about a client: it went away, or asked for what libraries refuse with a status below 500. */
function isOfClient(error: unknown): boolean {
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
  return (typeof code === 'string' && BROKEN_SOCKET.test(code)) || (typeof status === 'number' && status < 500);
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

/**
 * Takes no more connections, and resolves when the requests that are under way are answered and all connections are closed.
 *
 * @param patienceMs how long clients have to send the rest of a request or to take an answer; then they are cut off
 */
export async function closeGently(server: HttpServer, patienceMs: number): Promise<void> {
  if (!server.listening) return;
  const cutOffAtMs = performance.now() + patienceMs;
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  // Connections that clients keep open for their next request become idle one by one.
  const timer = setInterval(() => {
    server.closeIdleConnections();
    if (performance.now() >= cutOffAtMs) server.closeStalledConnections();
  }, 50);
  server.closeIdleConnections();
  await closed;
  clearInterval(timer);
}
