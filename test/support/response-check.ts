import { type AnyRoute } from '../../app/router/route.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { listErrorTypes } from './error-types.ts';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Throws when an answer is not what the route of the request declares. */
export type ResponseCheck = (method: string, path: string, answer: RawAnswer) => void;

const correlation = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' } as const;

const count = { type: 'integer', minimum: 0 } as const;
const pagination = {
  type: 'object',
  additionalProperties: false,
  required: ['page', 'pageSize', 'total'],
  properties: { page: count, pageSize: count, total: count },
} as const;

const meta = (required: readonly string[]) => ({
  type: 'object',
  required: ['correlation', 'timestamp', ...required],
  properties: {
    correlation,
    timestamp: { type: 'string', format: 'date-time' },
    locale: { type: 'string' },
    cache: { enum: ['hit', 'miss', 'stale'] },
    stale: { const: true },
    pagination,
  },
});

const errorEnvelope = {
  type: 'object',
  additionalProperties: false,
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      additionalProperties: false,
      required: ['type', 'message', 'correlation'],
      properties: {
        type: { type: 'string' },
        message: { type: 'string', minLength: 1 },
        correlation,
        details: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['message'],
            properties: { path: { type: 'string' }, message: { type: 'string', minLength: 1 } },
          },
        },
      },
    },
  },
};

/** What every route can answer, whatever it declares. */
const generalTypes: ReadonlySet<string> = new Set([
  'VALIDATION_ERROR',
  'INVALID_JSON',
  'UNSUPPORTED_MEDIA_TYPE',
  'PAYLOAD_TOO_LARGE',
  'UNAUTHENTICATED',
  'UNAUTHORIZED',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'TIMEOUT',
  'SERVICE_UNAVAILABLE',
]);

function createPattern({ path }: AnyRoute): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
}

function createEnvelope({ response: { kind, schema = {} } }: AnyRoute): Validator<unknown> {
  const isList = kind === 'list';
  const data = isList ? { type: 'array', items: schema } : schema;
  return createValidator({
    type: 'object',
    additionalProperties: false,
    required: ['data', 'meta'],
    properties: { data, meta: meta(isList ? ['pagination'] : []) },
  });
}

/** Makes the check of answers against the declarations of routes: status, media type, envelope, schema, error types. */
export function createResponseCheck(routes: readonly AnyRoute[]): ResponseCheck {
  const compiled = routes.map(route => ({ route, pattern: createPattern(route) }));
  // Compiled when they are first needed: a test file meets few of the routes.
  const envelopes = new Map<AnyRoute, Validator<unknown>>();
  const envelopeOf = (route: AnyRoute): Validator<unknown> => {
    const envelope = envelopes.get(route) ?? createEnvelope(route);
    envelopes.set(route, envelope);
    return envelope;
  };
  const errors: Validator<unknown> = createValidator(errorEnvelope);
  const statuses = listErrorTypes();

  return (method, path, answer) => {
    const fail = (problem: string): never => {
      throw new Error(`${method} ${path} answered ${answer.status}: ${problem}\n${answer.text.slice(0, 2000)}`);
    };
    const found = compiled.find(
      ({ route, pattern }) => route.method === (method === 'HEAD' ? 'GET' : method) && pattern.test(path),
    );
    const sent = answer.headers.get('x-correlation-id') ?? fail('there is no x-correlation-id');
    if (answer.headers.get('cache-control') === null) fail('there is no cache-control');
    if (method === 'HEAD' || answer.status === 304) {
      if (answer.text !== '') fail('there is a body');
      return;
    }
    const isReadiness = found?.route.path === '/health/ready' && answer.status === 503;
    if (found !== undefined && (answer.status === found.route.response.status || isReadiness)) {
      const { kind, mediaType } = found.route.response;
      if (kind === 'empty') return answer.text === '' ? undefined : fail('there is a body');
      const type = answer.headers.get('content-type') ?? '';
      // One route serves files of several types.
      if (kind === 'raw') {
        return mediaType === 'application/octet-stream' || type.startsWith(mediaType ?? '') ? undefined : fail(type);
      }
      if (!type.startsWith('application/json')) fail(`it is ${type}`);
      const body = JSON.parse(answer.text) as { meta?: { correlation?: string } };
      const faults = envelopeOf(found.route).selectFaults(body);
      if (faults.length > 0) fail(`it is not what is declared: ${JSON.stringify(faults, null, 2)}`);
      if (body.meta?.correlation !== sent) fail('its correlation differs from its header');
      return;
    }
    if (answer.status < 400) fail('the status is not the one declared');
    const body = JSON.parse(answer.text) as { error: { type: string; correlation: string } };
    const faults = errors.selectFaults(body);
    if (faults.length > 0) fail(`it is not the envelope of an error: ${JSON.stringify(faults, null, 2)}`);
    const { type } = body.error;
    if (statuses.get(type) !== answer.status) fail('the status is not that of the type');
    if (body.error.correlation !== sent) fail('its correlation differs from its header');
    if (found !== undefined && !generalTypes.has(type) && found.route.errors?.includes(type) !== true) {
      fail(`the route does not declare ${type}`);
    }
  };
}
