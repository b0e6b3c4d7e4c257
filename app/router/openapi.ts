import { type Components, createComponents } from '../../lib/schema/components.ts';
import { type AnyRoute, type ObjectSchema } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const correlation = { type: 'string', description: 'The correlation id, also in `x-correlation-id`.' } as const;

const meta = {
  type: 'object',
  required: ['correlation', 'timestamp'],
  description: 'About the answer.',
  properties: {
    correlation,
    timestamp: { type: 'string', format: 'date-time', description: 'When it was answered.' },
    locale: { type: 'string', description: 'The locale that was used, where texts are localised.' },
    cache: {
      type: 'string',
      enum: ['hit', 'miss', 'stale'],
      description:
        'Whether the answer came from a cache; `stale` when it may be old, since its source is away or is being asked again.',
    },
    stale: { type: 'boolean', description: 'Present, and true, when what another system said may be old.' },
  },
} as const;

const pagination = {
  type: 'object',
  required: ['page', 'pageSize', 'total'],
  description: 'Which page this is.',
  properties: {
    page: { type: 'integer', description: 'The page, from 0.' },
    pageSize: { type: 'integer', description: 'How many a page has.' },
    total: { type: 'integer', description: 'How many there are on all pages.' },
  },
} as const;

const error = {
  type: 'object',
  required: ['error'],
  description: 'What went wrong.',
  properties: {
    error: {
      type: 'object',
      required: ['type', 'message', 'correlation'],
      description: 'The error.',
      properties: {
        type: { type: 'string', description: 'The stable name of the error.' },
        message: { type: 'string', description: 'What it means, for people.' },
        correlation,
        details: {
          type: 'array',
          description: 'Every fault of the input.',
          items: {
            type: 'object',
            required: ['message'],
            description: 'One fault.',
            properties: {
              path: { type: 'string', description: 'A JSON pointer into the body, or the name of a parameter.' },
              message: { type: 'string', description: 'What is wrong.' },
            },
          },
        },
      },
    },
  },
} as const;

function selectParameters(schema: ObjectSchema | undefined, place: 'query' | 'header', components: Components): Json[] {
  if (schema === undefined) return [];
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = property as Json;
    return { name, in: place, required: required.has(name), description, schema: components.take(rest) };
  });
}

/** `campaignId` is described as "The id of the campaign."; what is no id by its own name. */
function selectPathParameters({ path, isCampaignNamed }: AnyRoute): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: describePathParameter(name, isCampaignNamed === true),
    schema: { type: 'string' },
  }));
}

function describePathParameter(name: string, isCampaignNamed: boolean): string {
  if (!name.endsWith('Id')) return `The ${name}.`;
  if (isCampaignNamed) return 'The id of the campaign, its identifier, or 0 for the default campaign.';
  return `The id of the ${name.slice(0, -2)}.`;
}

function describeBody(route: AnyRoute, components: Components): Json {
  const { response } = route;
  if (response.kind === 'empty') return {};
  if (response.kind === 'raw' || response.kind === 'stream')
    return { content: { [response.mediaType ?? 'application/octet-stream']: { schema: { type: 'string' } } } };
  const item = components.take(response.schema);
  const isList = response.kind === 'list';
  const metaRef = { $ref: '#/components/schemas/Meta' };
  const schema = {
    type: 'object',
    required: ['data', 'meta'],
    properties: {
      data: isList ? { type: 'array', items: item } : item,
      meta: isList
        ? {
            allOf: [
              metaRef,
              { type: 'object', properties: { pagination: { $ref: '#/components/schemas/Pagination' } } },
            ],
          }
        : metaRef,
    },
  };
  return { content: { 'application/json': { schema } } };
}

function describeOperation(route: AnyRoute, components: Components): Json {
  const isOpen = route.permission === 'public';
  const body = describeBody(route, components);
  const others = Object.entries(route.otherStatuses ?? {});
  const parameters = [
    ...selectPathParameters(route),
    ...selectParameters(route.query, 'query', components),
    ...selectParameters(route.headers, 'header', components),
  ];
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[/:](\w)/g, (_all, letter: string) => letter.toUpperCase()).replace(/\W/g, '')}`,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    'x-permission': route.permission,
    'x-errors': [...(route.errors ?? [])],
    ...(!isOpen && { security: route.permission === 'read-or-public' ? [{ bearer: [] }, {}] : [{ bearer: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: components.take(route.body) } } },
    }),
    responses: {
      [route.response.status]: { description: route.response.description, ...body },
      ...Object.fromEntries(others.map(([status, description]) => [status, { description, ...body }])),
      default: {
        description: 'An error.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** Makes the OpenAPI 3.1 document of the routes: the very declarations that the router runs. */
export function createOpenApi(routes: readonly AnyRoute[], info: { readonly version: string }): Json {
  const components = createComponents({ Error: error, Meta: meta, Pagination: pagination });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = describeOperation(route, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'campaign-service',
      version: info.version,
      description:
        'Presale campaigns, their markets, and everything around them. Errors are listed in docs/errors.md. ' +
        'Live states come over a channel, which [/asyncapi.json](/asyncapi.json) describes.',
    },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: components.schemas,
    },
  };
}
