import { describe, expect, it } from '@jest/globals';
import { createOpenApi } from './openapi.ts';
import { type AnyRoute, defineRoute, type Permission } from './route.ts';
import { businessRoutes } from './routes.ts';

type Json = Readonly<Record<string, unknown>>;

interface Operation extends Json {
  readonly operationId: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
}

const thing = {
  $id: 'thing',
  type: 'object',
  description: 'A thing.',
  properties: { name: { type: 'string', description: 'Its name.' } },
} as const;

const permissions: readonly Permission[] = ['public', 'authenticated', 'supreme', 'read', 'update', 'read-or-public'];

const route = (overrides: Partial<AnyRoute> = {}): AnyRoute => ({
  ...defineRoute({
    method: 'GET',
    path: '/things/:thingId',
    tag: 'Things',
    summary: 'Read a thing',
    permission: 'read',
    response: { status: 200, kind: 'document', description: 'The thing.', schema: thing },
    handler: () => ({ data: null }),
  }),
  ...overrides,
});

const describeRoutes = (...routes: AnyRoute[]): Document =>
  createOpenApi(routes, { version: '1.2.3' }) as unknown as Document;

/** Every reference within a value. */
function selectReferences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : selectReferences(member),
  );
}

const hasTarget = (document: Document, reference: string): boolean =>
  reference
    .replace('#/', '')
    .split('/')
    .reduce<unknown>((part, key) => (part as Json | undefined)?.[key], document) !== undefined;

describe('the OpenAPI document of routes', () => {
  it('has a schema with a name once, and refers to it elsewhere', () => {
    const list = route({
      path: '/things',
      response: { status: 200, kind: 'list', description: 'Things.', schema: thing },
    });
    const document = describeRoutes(route(), list);
    const { $id, ...rest } = thing;
    expect(document.components.schemas[$id]).toEqual(rest);
    const references = selectReferences(document.paths);
    expect(references.filter(reference => reference === '#/components/schemas/thing')).toHaveLength(2);
    expect(JSON.stringify(document)).not.toContain('$id');
  });

  it('refers only to what it has', () => {
    const document = describeRoutes(...businessRoutes);
    const references = new Set(selectReferences(document));
    expect(references.size).toBeGreaterThan(10);
    for (const reference of references) expect([reference, hasTarget(document, reference)]).toEqual([reference, true]);
  });

  it('tells apart schemas with one name alone if they are one', () => {
    const schemas = new Map<string, string>();
    const look = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { $id } = schema as Json;
      if (typeof $id === 'string') {
        const text = JSON.stringify(schema);
        expect(schemas.get($id) ?? text).toBe(text);
        schemas.set($id, text);
      }
      Object.values(schema).forEach(look);
    };
    for (const { body, response, query, headers } of businessRoutes)
      [body, response.schema, query, headers].forEach(look);
    expect(schemas.size).toBeGreaterThan(10);
  });

  it('gives each operation a name of its own', () => {
    const { paths } = describeRoutes(...businessRoutes);
    const names = Object.values(paths).flatMap(methods => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(names).size).toBe(businessRoutes.length);
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
  });

  it.each(permissions)('says what a caller needs: %s', permission => {
    const operation = describeRoutes(route({ permission })).paths['/things/{thingId}']?.['get'];
    expect(operation?.['x-permission']).toBe(permission);
    const security = { public: undefined, 'read-or-public': [{ bearer: [] }, {}] } as Record<string, unknown>;
    expect(operation?.['security']).toEqual(permission in security ? security[permission] : [{ bearer: [] }]);
  });

  it('has the errors that are the route’s own, and the form of all errors', () => {
    const [own, none] = [route({ errors: ['THING_NOT_FOUND'] }), route({ path: '/others', errors: [] })];
    const { paths, components } = describeRoutes(own, none);
    expect(paths['/things/{thingId}']?.['get']?.['x-errors']).toEqual(['THING_NOT_FOUND']);
    expect(paths['/others']?.['get']?.['x-errors']).toEqual([]);
    expect(paths['/others']?.['get']?.responses['default']).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    });
    expect(components.schemas['Error']).toMatchObject({ required: ['error'] });
  });

  it('has the parameters of path, query and headers, and says which are required', () => {
    const { paths } = describeRoutes(
      route({
        query: {
          required: ['domain'],
          properties: { domain: { type: 'string', description: 'D.' }, page: { type: 'integer', description: 'P.' } },
        },
        headers: { properties: { 'if-match': { type: 'string', description: 'I.' } } },
      }),
    );
    expect(paths['/things/{thingId}']?.['get']?.parameters).toEqual([
      { name: 'thingId', in: 'path', required: true, description: 'The id of the thing.', schema: { type: 'string' } },
      { name: 'domain', in: 'query', required: true, description: 'D.', schema: { type: 'string' } },
      { name: 'page', in: 'query', required: false, description: 'P.', schema: { type: 'integer' } },
      { name: 'if-match', in: 'header', required: false, description: 'I.', schema: { type: 'string' } },
    ]);
  });

  it('says where a campaign may be called by another name than its id', () => {
    const path = '/campaigns/:campaignId/things';
    const describeId = (isCampaignNamed: boolean) =>
      describeRoutes(route({ path, isCampaignNamed })).paths['/campaigns/{campaignId}/things']?.['get']?.parameters;
    expect(describeId(false)).toMatchObject([{ description: 'The id of the campaign.' }]);
    expect(describeId(true)).toMatchObject([{ description: expect.stringContaining('or 0 for') as unknown }]);
  });

  it('keeps the methods of a path together, and has a body where one is read', () => {
    const methods = describeRoutes(route(), route({ method: 'PATCH', body: thing })).paths['/things/{thingId}'];
    expect(Object.keys(methods ?? {})).toEqual(['get', 'patch']);
    expect(methods?.['get']).not.toHaveProperty('requestBody');
    expect(methods?.['patch']?.requestBody).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/thing' } } },
    });
  });

  it('has the envelope of documents and lists, and none around what has no JSON', () => {
    const answer = (response: AnyRoute['response']): unknown =>
      describeRoutes(route({ response })).paths['/things/{thingId}']?.['get']?.responses[response.status];
    const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
    expect(answer({ status: 200, kind: 'list', description: 'L.', schema: thing })).toMatchObject({
      content: { 'application/json': { schema: { properties: { data: { type: 'array', items: ref('thing') } } } } },
    });
    expect(answer({ status: 201, kind: 'document', description: 'D.', schema: thing })).toMatchObject({
      content: { 'application/json': { schema: { properties: { data: ref('thing'), meta: ref('Meta') } } } },
    });
    expect(answer({ status: 204, kind: 'empty', description: 'E.' })).toEqual({ description: 'E.' });
    expect(answer({ status: 200, kind: 'raw', description: 'R.', mediaType: 'text/plain' })).toEqual({
      description: 'R.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    });
    expect(answer({ status: 200, kind: 'stream', description: 'S.', mediaType: 'text/event-stream' })).toEqual({
      description: 'S.',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    });
  });
});
