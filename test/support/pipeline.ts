import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import Koa from 'koa';
import { type Actor } from '../../lib/auth/actor.ts';
import { createKeyProvider } from '../../lib/auth/key-provider.ts';
import { signToken } from '../../lib/auth/sign-token.ts';
import { createLog } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createTokenVerifier } from '../../lib/auth/token-verifier.ts';
import { createPipeline, type PipelineOptions } from '../../lib/middlewares/pipeline.ts';
import { type AppContext, type AppMiddleware } from '../../lib/middlewares/request-state.ts';

const SECRET = 'a-secret-of-tests-that-is-long-enough';

/** A server of middlewares on a free port of 127.0.0.1. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves middlewares. Errors that reach Koa are kept in `errors`. */
export async function serve(middlewares: readonly AppMiddleware[], errors: unknown[] = []): Promise<TestServer> {
  const koa = new Koa();
  for (const middleware of middlewares) koa.use(middleware);
  koa.on('error', (error: unknown) => errors.push(error));
  const server = createServer(koa.callback() as Parameters<typeof createServer>[1]);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole pipeline before one handler, with what it logs and counts. */
export interface TestPipeline extends TestServer {
  readonly lines: Record<string, unknown>[];
  readonly errors: unknown[];
  /** Waits until a line with this message is logged: an answer is out before its line. */
  waitForLine(message: string): Promise<Record<string, unknown>>;
  scrape(): Promise<string>;
}

/** Serves the pipeline of the service in front of `handler`. */
export async function servePipeline(
  handler: (ctx: AppContext) => unknown,
  overrides: Partial<PipelineOptions<Actor>> = {},
): Promise<TestPipeline> {
  const lines: Record<string, unknown>[] = [];
  const errors: unknown[] = [];
  const { Log } = createLog({
    level: 'debug',
    environment: 'test',
    destination: { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const metrics = createMetrics({ isProcessMeasured: false });
  const pipeline = createPipeline<Actor>({
    log: Log,
    metrics: metrics.http,
    tracing: null,
    bodyLimitBytes: 10_000,
    requestTimeoutMs: 10_000,
    isAccessLogged: true,
    rateLimitPerMinute: null,
    tokens: createTokenVerifier<Actor>({
      keys: createKeyProvider({ secret: SECRET, log: Log }),
      toActor: ({ userId }) => (typeof userId === 'string' ? { userId } : null),
      isRevoked: () => false,
    }),
    ...overrides,
  });
  const router: AppMiddleware = async ctx => {
    if (ctx.state.bodyError !== undefined) throw ctx.state.bodyError;
    await handler(ctx);
  };
  const server = await serve([...pipeline, router], errors);
  return {
    ...server,
    lines,
    errors,
    async waitForLine(message) {
      for (;;) {
        const line = lines.find(candidate => candidate['message'] === message);
        if (line !== undefined) return line;
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    },
    scrape: async () => (await metrics.scrape()).text,
  };
}

/** A token that the test pipeline takes. */
export function createTestToken(claims: Record<string, unknown> = { userId: 'user-1' }): string {
  return signToken(claims, { key: SECRET, expiresInSeconds: 60 });
}
