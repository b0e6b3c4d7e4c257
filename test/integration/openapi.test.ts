import { afterAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { startDiscoveryStandIn } from '../../app/demo/discovery/server.ts';
import { startTestApp } from '../support/app.ts';
import { listErrorTypes } from '../support/error-types.ts';
import { gitlabVariables, startGitlabStub } from '../support/gitlab-stub.ts';
import { createSampleWorld, sampleRequest } from '../support/route-samples.ts';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
  }[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly security?: readonly Json[];
  readonly 'x-errors': readonly string[];
  readonly 'x-permission': string;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
}

// Every route answers: what it asks is there.
const standIn = await startDiscoveryStandIn();
const gitlab = await startGitlabStub();
const test = await startTestApp({
  variables: {
    DISCOVERY_URL: standIn.url,
    DISCOVERY_API_KEY: 'stand-in',
    DISCOVERY_VALIDATE: 'off',
    ...gitlabVariables(gitlab.url),
  },
});
afterAll(async () => {
  await test.stop();
  await gitlab.stop();
  await standIn.stop();
});
const { routes } = test.app;

const document = (await test.client.get('/openapi.json')).body as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every object and list within a value, with the pointer that leads to it. */
function* walk(value: unknown, pointer = ''): Generator<readonly [string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  yield [pointer, value as Json];
  for (const [key, member] of Object.entries(value)) yield* walk(member, `${pointer}/${key}`);
}

/** The schemas within a schema, itself included, with the pointer that leads to each. */
function* walkSchemas(schema: unknown, pointer = ''): Generator<readonly [string, Json]> {
  if (typeof schema !== 'object' || schema === null) return;
  yield [pointer, schema as Json];
  const {
    properties = {},
    items,
    additionalProperties,
    anyOf = [],
  } = schema as Readonly<Record<string, Json | Json[]>>;
  for (const [name, property] of Object.entries(properties)) yield* walkSchemas(property, `${pointer}/${name}`);
  for (const [at, branch] of (anyOf as Json[]).entries()) yield* walkSchemas(branch, `${pointer}/anyOf/${at}`);
  yield* walkSchemas(items, `${pointer}/items`);
  // The values of a map by locale or id need no words of their own.
  if (typeof additionalProperties === 'object') {
    for (const [name, property] of Object.entries((additionalProperties as Json)['properties'] ?? {})) {
      yield* walkSchemas(property, `${pointer}/*/${name}`);
    }
  }
}

describe('the OpenAPI document', () => {
  it('has exactly the routes that the router runs', () => {
    const declared = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.sort()).toEqual(declared.sort());
  });

  it('is OpenAPI 3.1, with the version of the service', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({
      title: 'campaign-service',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it('refers only to what it has', () => {
    const references = [...walk(document)].flatMap(([pointer, { $ref }]) =>
      typeof $ref === 'string' ? [[pointer, $ref] as const] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    for (const [pointer, reference] of references) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((part, key) => (part as Json | undefined)?.[key], document);
      expect([pointer, reference, typeof target]).toEqual([pointer, reference, 'object']);
    }
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at || !/^[a-z][A-Za-z]+$/.test(id))).toEqual([]);
  });

  it.each(operations.map(one => [`${one.method} ${one.path}`, one] as const))(
    '%s is whole',
    (_name, { path, operation }) => {
      const { parameters = [], responses, tags, summary } = operation;
      const inPath = parameters.filter(parameter => parameter.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(inPath.every(({ required }) => required)).toBe(true);
      for (const { description } of parameters) expect(description).toMatch(/\S/);
      const keys = parameters.map(({ name, in: place }) => `${place} ${name}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(tags).toHaveLength(1);
      expect(summary).toMatch(/\S/);
      expect(Object.keys(responses)).toContain('default');
      for (const { description } of Object.values(responses)) expect(description).toMatch(/\S/);
      expect(operation.security === undefined).toBe(operation['x-permission'] === 'public');
      // Every error that a route names is one that there is.
      expect(operation['x-errors'].filter(type => !listErrorTypes().has(type))).toEqual([]);
    },
  );

  it('says what readiness looks like when there is none', () => {
    const { responses } = operations.find(({ path }) => path === '/health/ready')?.operation ?? {};
    expect(responses).toMatchObject({ 200: { content: {} }, 503: { description: 'It is not ready.', content: {} } });
  });

  it('holds schemas that a validator of JSON Schema 2020-12 takes', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openapi', components: document.components });
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `openapi#/components/schemas/${name}` })).not.toThrow();
    }
    for (const [pointer, { schema }] of walk(document.paths, '/paths')) {
      if (typeof schema !== 'object' || schema === null) continue;
      const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as Json;
      expect([pointer, () => ajv.compile(resolved)]).toEqual([pointer, expect.any(Function)]);
      ajv.compile(resolved);
    }
  });

  it('describes every schema and every property', () => {
    const bare = routes.flatMap(({ method, path, body, query, headers, response }) => {
      const schemas = Object.entries({ body, query, headers, response: response.schema });
      return (
        schemas
          .flatMap(([kind, schema]) => [...walkSchemas(schema, kind)])
          .filter(([, { description }]) => typeof description !== 'string' || description.trim() === '')
          .map(([pointer]) => `${method} ${path} ${pointer}`)
          // A query or a set of headers is described by its members.
          .filter(pointer => !/ (?:query|headers)$/.test(pointer))
      );
    });
    expect(bare).toEqual([]);
  });
});

describe('every answer', () => {
  // The client holds each one against the schema that its route declares.
  it('is what the document says, on a tour of all routes', async () => {
    const world = await createSampleWorld(test.client);
    const order = { GET: 0, POST: 1, PATCH: 1, DELETE: 2 } as const;
    // A stream does not end by itself.
    const ending = routes.filter(({ response }) => response.kind !== 'stream');
    const tour = ending.sort((a, b) => order[a.method] - order[b.method]);
    // A campaign whose markets name it keeps its promoter: none of the samples does.
    for (const route of tour) {
      const { path, query, body } = sampleRequest(route, world);
      const answer = await test.client.request(route.method, path, { query, body });
      expect([route.method, route.path, answer.status, answer.status < 400 ? '' : answer.text]).toEqual([
        route.method,
        route.path,
        route.response.status,
        '',
      ]);
    }
  });

  it('is so for a campaign that uses every property, in all its views', async () => {
    const world = await createSampleWorld(test.client);
    const faq = '6f8ad2a8-3a75-4e39-9d6c-0d2b0e1c2f3a';
    const { _id } = (
      await test.client.post<{ _id: string }>('/campaigns', {
        name: 'Every property',
        type: 'registration',
        schema: { version: 2 },
        identifier: 'every-property',
        artist: { id: '1', name: 'Artist', discoveryId: 'K1', imageUrl: 'https://example.com/a.png' },
        tour: { name: 'Tour' },
        domain: { site: 'every.example.com', preview: 'preview.every.example.com' },
        date: {
          open: '2026-03-02T00:00:00Z',
          close: '2026-03-03T00:00:00Z',
          presaleWindowStart: '2026-03-04T00:00:00+01:00',
          presaleWindowEnd: '2026-03-05T00:00:00.123Z',
          start: '2026-05-01T00:00:00Z',
          end: '2026-06-01T00:00:00Z',
        },
        referenceTimezone: 'Europe/Berlin',
        locales: [{ id: 'en', isDefault: true }],
        content: {
          en: {
            landing: { title: 'T', subtitle: 'S', body: 'B', buttonLabel: 'L', closedTitle: 'C', closedBody: 'D' },
            confirmation: { title: 'T', body: 'B', shareText: 'S' },
            email: { subject: 'S', preheader: 'P', body: 'B' },
            faqs: { [faq]: { question: 'Q', answer: 'A' } },
            terms: 'Terms',
          },
        },
        faqs: { landing: { open: [faq], closed: [] }, confirmation: { open: [], closed: [], activePresale: [faq] } },
        style: {
          primaryColor: '#000000',
          secondaryColor: '#111111',
          backgroundColor: '#FFFFFF',
          textColor: '#abcdef',
          fontFamily: 'Sans',
        },
        image: {
          hero: 'https://example.com/h.png',
          mobileHero: 'http://example.com/m.png',
          logo: 'https://example.com/l.png',
          background: 'https://example.com/b.png',
        },
        share: { title: 'T', text: 'T', imageUrl: 'https://example.com/s.png', networks: ['one'] },
        preferences: [
          {
            id: 'seat',
            type: 'choice',
            required: true,
            labels: { en: 'Seat' },
            choices: [{ id: 'a', labels: { en: 'A' } }],
          },
        ],
        options: { useGenericBranding: true, showAccessCode: false, automatedReminders: true, attendance: true },
        eventIds: ['show-1'],
        categoryId: 'rock',
        contacts: [world.params['contactId']],
        linkedCampaignIds: [world.otherCampaignId],
        password: 'open sesame',
      })
    ).data;
    for (const status of ['PREVIEW', 'OPEN', 'CLOSED']) {
      expect((await test.client.patch(`/campaigns/${_id}`, { status })).status).toBe(200);
    }
    for (const path of [
      `/campaigns/${_id}`,
      `/campaigns/${_id}?showAllLocales=true`,
      `/campaigns/${_id}?locale=de`,
      `/campaigns/${_id}/history`,
    ]) {
      expect((await test.client.get(path)).status).toBe(200);
    }
  });
});

describe('the page of the API', () => {
  it('loads with all its parts', async () => {
    const { text, headers } = await test.client.get('/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const part of parts) {
      const response = await fetch(`${test.url}${part}`);
      expect([part, response.status, Number((await response.arrayBuffer()).byteLength > 0)]).toEqual([part, 200, 1]);
      const type = { js: 'text/javascript', css: 'text/css', png: 'image/png' }[part.split('.').at(-1) ?? ''];
      expect(response.headers.get('content-type')).toContain(type);
    }
  });

  it('asks nothing of any other host', async () => {
    const page = await test.client.get('/docs');
    const start = await test.client.get('/docs/docs.js');
    const style = await test.client.get('/docs/docs.css');
    for (const { text } of [page, start, style]) expect(text).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src/);
  });

  it('reads the document from the place where it is served', async () => {
    const { text } = await test.client.get('/docs/docs.js');
    expect(text).toContain("url: '/openapi.json'");
  });
});
