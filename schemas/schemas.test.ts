import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createAjv } from '../lib/schema/ajv.ts';

type Schema = Readonly<Record<string, unknown>>;

const directory = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(directory).filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'));

const modules = await Promise.all(
  files.map(async file => [file, (await import(`./${file}`)) as Readonly<Record<string, unknown>>] as const),
);

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && ('type' in value || '$id' in value);

/** Every schema that a file exports, by file and name. */
const exported = modules.flatMap(([file, exports]) =>
  Object.entries(exports).flatMap(([name, value]) => (isSchema(value) ? [[`${file}#${name}`, value] as const] : [])),
);
const named = exported.filter(([, schema]) => typeof schema['$id'] === 'string');

/** A schema within a schema, and how it is reached. */
interface Part {
  readonly path: string;
  readonly schema: Schema;
  /** Whether it is the value of a name: what a reader of the documentation sees. */
  readonly isProperty: boolean;
  /** The schema that it is an alternative within. */
  readonly whole?: Schema;
}

/** Every schema within a schema, itself included. */
function* walk(schema: Schema, path: string, isProperty = false, whole?: Schema): Generator<Part> {
  yield { path, schema, isProperty, ...(whole && { whole }) };
  const { properties = {}, items, additionalProperties, propertyNames } = schema as Record<string, Schema | undefined>;
  for (const [name, property] of Object.entries(properties)) yield* walk(property as Schema, `${path}/${name}`, true);
  const inner = { '[]': items, '*': additionalProperties, '(name)': propertyNames };
  for (const [name, part] of Object.entries(inner)) {
    if (typeof part === 'object') yield* walk(part, `${path}/${name}`);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    for (const [at, branch] of ((schema[keyword] ?? []) as Schema[]).entries()) {
      yield* walk(branch, `${path}/${keyword}/${at}`, false, schema);
    }
  }
}

const parts = exported.flatMap(([path, schema]) => [...walk(schema, path)]);
const faults = (isFault: (part: Part) => boolean): string[] => parts.filter(isFault).map(({ path }) => path);

describe('the schemas', () => {
  it('are all looked at', () => {
    expect(named.length).toBeGreaterThan(20);
    const empty = modules.filter(([, exports]) => Object.values(exports).every(value => typeof value === 'undefined'));
    expect(empty).toEqual([]);
    expect(named.map(([path]) => path)).toEqual(
      expect.arrayContaining(['campaign.ts#campaign', 'campaign-draft.ts#campaignDraft', 'market.ts#market']),
    );
  });

  it('have a name each that no other has', () => {
    const ids = named.map(([, schema]) => schema['$id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are called what they are exported as, so that they are found', () => {
    for (const [path, { $id }] of named) {
      const name = path.split('#')[1] ?? '';
      expect([path, name.startsWith(String($id)) || String($id).startsWith(name)]).toEqual([path, true]);
    }
  });

  it('describe themselves and every property, at every depth, as a sentence', () => {
    const isDescribed = ({ description }: Schema): boolean =>
      typeof description === 'string' && /^[A-Z`].*\.$/.test(description);
    expect(faults(({ schema, isProperty }) => (isProperty || '$id' in schema) && !isDescribed(schema))).toEqual([]);
  });

  it('let through no property that they do not name, at every depth', () => {
    const isOpen = ({ schema }: Part): boolean => 'properties' in schema && schema['additionalProperties'] !== false;
    // What stands around an event may grow, wherever an event stands: it comes from other services, too.
    const grows = [
      'channel-answers.ts#emitAnswer/answer/metadata',
      'channel-answers.ts#eventItem/event/metadata',
      'event-envelope.ts#eventEnvelope/metadata',
    ].flatMap(metadata => [metadata, ...['campaign', 'device', 'session'].map(name => `${metadata}/${name}`)]);
    expect(faults(isOpen)).toEqual(grows);
  });

  it('require only what they name', () => {
    const isLost = ({ schema, whole }: Part): boolean => {
      const { required = [] } = schema as { required?: readonly string[] };
      // An alternative may require what the whole names.
      const properties = schema['properties'] ?? whole?.['properties'] ?? {};
      return required.some(name => !Object.hasOwn(properties, name));
    };
    expect(faults(isLost)).toEqual([]);
  });

  it('say of everything that a client writes how much there may be of it', () => {
    const written = named.filter(([path]) =>
      /(?:Draft|Create|Write|V1|V2|fanlistCampaign|Clones|NotifyDate|Notified)$/.test(path),
    );
    expect(written.length).toBeGreaterThan(8);
    const endless = written.flatMap(([path, schema]) =>
      [...walk(schema, path)].filter(({ schema: part }) => {
        const { type, maxLength, maxItems, pattern, format, additionalProperties } = part;
        const isBounded = part['enum'] !== undefined || pattern !== undefined || format !== undefined;
        if (type === 'string') return maxLength === undefined && !isBounded;
        if (type === 'array') return maxItems === undefined;
        return typeof additionalProperties === 'object' && part['propertyNames'] === undefined;
      }),
    );
    expect(endless.map(({ path }) => path)).toEqual([]);
  });

  it.each(named)('%s compiles, in strict mode', (_path, schema) => {
    const withoutIds = JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      key === '$id' && typeof value === 'string' ? undefined : value,
    ) as Schema;
    expect(() => createAjv().compile(withoutIds)).not.toThrow();
  });
});
