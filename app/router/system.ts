import { type Health } from '../../lib/health.ts';
import { type Metrics } from '../../lib/metrics.ts';
import { RouteNotFoundError } from '../../lib/errors.ts';
import { type Docs } from './docs.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'System';

const liveness = {
  type: 'object',
  additionalProperties: false,
  description: 'The process runs.',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok'], description: 'Always `ok`.' } },
} as const;

const readiness = {
  type: 'object',
  additionalProperties: false,
  description: 'Whether requests are taken, and which dependencies answer.',
  required: ['ready', 'state', 'dependencies'],
  properties: {
    ready: { type: 'boolean', description: 'Whether requests should be sent here.' },
    state: {
      type: 'string',
      enum: ['starting', 'ready', 'draining'],
      description: 'Where the process is in its life.',
    },
    dependencies: {
      type: 'array',
      description: 'What the process depends on.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'ok', 'durationMs'],
        description: 'A dependency.',
        properties: {
          name: { type: 'string', description: 'Its name.' },
          ok: { type: 'boolean', description: 'Whether it answered.' },
          durationMs: { type: 'integer', description: 'How long it took, in milliseconds.' },
          optional: { type: 'boolean', description: 'Present when the process is ready without it.' },
        },
      },
    },
  },
} as const;

const raw = (mediaType: string, description: string) => ({ status: 200, kind: 'raw', mediaType, description }) as const;

/** What whoever watches the process asks for, often and from one address: no limit of callers may make it look dead. */
export const probePaths: ReadonlySet<string> = new Set(['/heartbeat', '/health/live', '/health/ready', '/metrics']);

/** The route of the metrics; on a port of its own when one is configured. */
export function createMetricsRoute(metrics: Pick<Metrics, 'scrape'>): AnyRoute {
  return defineRoute({
    method: 'GET',
    path: '/metrics',
    tag,
    summary: 'Read the metrics',
    permission: 'public',
    response: raw('text/plain', 'The metrics in the text format of Prometheus.'),
    handler: async () => {
      const { text, type } = await metrics.scrape();
      return { raw: text, type };
    },
  });
}

/** The routes that belong to the process and not to campaigns. */
export function createSystemRoutes({
  health,
  docs,
}: {
  readonly health: Health;
  readonly docs: Docs;
}): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/heartbeat',
      tag,
      summary: 'Ask whether the process runs (for old probes)',
      permission: 'public',
      response: { status: 200, kind: 'document', description: 'It runs.', schema: liveness },
      handler: () => ({ data: { status: 'ok' } }),
    }),
    defineRoute({
      method: 'GET',
      path: '/health/live',
      tag,
      summary: 'Ask whether the process runs',
      permission: 'public',
      response: { status: 200, kind: 'document', description: 'It runs.', schema: liveness },
      handler: () => ({ data: { status: 'ok' } }),
    }),
    defineRoute({
      method: 'GET',
      path: '/health/ready',
      tag,
      summary: 'Ask whether requests should be sent here',
      description: 'Answers 503 while the process starts or drains, or a dependency is down.',
      permission: 'public',
      response: { status: 200, kind: 'document', description: 'It is ready.', schema: readiness },
      otherStatuses: { 503: 'It is not ready.' },
      handler: async () => {
        const result = await health.check();
        return { data: result, status: result.ready ? 200 : 503 };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/openapi.json',
      tag,
      summary: 'Read this document',
      permission: 'public',
      response: raw('application/json', 'The OpenAPI 3.1 document.'),
      handler: () => ({ raw: docs.openapi(), type: 'application/json; charset=utf-8' }),
    }),
    defineRoute({
      method: 'GET',
      path: '/asyncapi.json',
      tag,
      summary: 'Read what can be sent and heard over the channel',
      permission: 'public',
      response: raw('application/json', 'The AsyncAPI 3.0 document of the channel, which is at `/socket.io/`.'),
      handler: () => ({ raw: docs.asyncapi(), type: 'application/json; charset=utf-8' }),
    }),
    defineRoute({
      method: 'GET',
      path: '/docs',
      tag,
      summary: 'Browse the API',
      permission: 'public',
      response: raw('text/html', 'The page.'),
      handler: () => docs.page(),
    }),
    defineRoute({
      method: 'GET',
      path: '/docs/:asset',
      tag,
      summary: 'Load a part of the page',
      permission: 'public',
      response: raw('application/octet-stream', 'The file.'),
      handler: async (_ctx, { params }) => {
        const asset = await docs.asset(params.asset);
        if (asset === null) throw new RouteNotFoundError();
        return asset;
      },
    }),
  ];
}
