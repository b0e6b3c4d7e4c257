import { createServer, type Server } from 'node:http';
import Koa from 'koa';
import { type Log } from '../lib/log.ts';
import { type AppMiddleware } from '../lib/middlewares/request-state.ts';
import { type Actor } from './policy.ts';

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
  for (const middleware of middlewares) koa.use(middleware as unknown as Koa.Middleware);
  // What comes here was not a request's fault to answer: a socket that broke while it was written to.
  koa.on('error', (error: unknown) => log.debug('http.failed', { error }));
  const server = createServer(koa.callback() as Parameters<typeof createServer>[1]);
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
