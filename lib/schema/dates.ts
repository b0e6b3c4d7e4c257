import { type AnySchemaObject } from 'ajv/dist/2020.js';

/** Gives a value with `Date`s, or the value itself when it holds none. */
type Reviver = (value: unknown) => unknown;

/** A schema's instants: as texts in JSON, as `Date`s in the service and the database. */
export interface Dates {
  /** A copy with a `Date` at each place where the schema has a `date-time`. `JSON.stringify` does the reverse. */
  readonly revive: <T>(value: T) => T;
}

/**
 * Finds once where a schema has instants. Only these places are visited later; objects on the way are copied, the
 * others shared. What is not a valid text stays as it is.
 */
export function compileDates(schema: AnySchemaObject): Dates {
  const revive = new Compiler(schema).compile(schema) ?? (value => value);
  return { revive: value => revive(value) as typeof value };
}

class Compiler {
  readonly #root: AnySchemaObject;
  /** By schema: those under way are called when they are done, so that a schema may contain itself. */
  readonly #revivers = new Map<object, Reviver | null>();
  readonly #underWay = new Set<object>();

  constructor(root: AnySchemaObject) {
    this.#root = root;
  }

  /** Null where there is no instant below. */
  compile(schema: unknown): Reviver | null {
    if (typeof schema !== 'object' || schema === null) return null;
    const known = this.#revivers.get(schema);
    if (known !== undefined) return known;
    if (this.#underWay.has(schema)) return value => this.#revivers.get(schema)?.(value) ?? value;
    this.#underWay.add(schema);
    const reviver = this.#build(schema);
    this.#underWay.delete(schema);
    this.#revivers.set(schema, reviver);
    return reviver;
  }

  #build(schema: AnySchemaObject): Reviver | null {
    if (schema['format'] === 'date-time') return reviveDate;
    const parts: (Reviver | null)[] = [this.#buildObject(schema), this.#buildArray(schema)];
    if (typeof schema['$ref'] === 'string') {
      parts.push(this.compile(this.#resolve(schema['$ref'])));
    }
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      for (const branch of (schema[keyword] ?? []) as unknown[]) parts.push(this.compile(branch));
    }
    for (const keyword of ['if', 'then', 'else']) parts.push(this.compile(schema[keyword]));
    const revivers = parts.filter(part => part !== null);
    if (revivers.length <= 1) return revivers[0] ?? null;
    return value => revivers.reduce((current, reviver) => reviver(current), value);
  }

  #buildObject(schema: AnySchemaObject): Reviver | null {
    const named = (schema['properties'] ?? {}) as Record<string, unknown>;
    const known = new Set(Object.keys(named));
    const properties = [...known]
      .map(key => [key, this.compile(named[key])] as const)
      .filter((entry): entry is readonly [string, Reviver] => entry[1] !== null);
    const others = this.#buildOthers(schema);
    if (properties.length === 0 && others === null) return null;
    return value => {
      if (!isPlainObject(value)) return value;
      const copy: Record<string, unknown> = { ...value };
      for (const [key, reviver] of properties) if (Object.hasOwn(copy, key)) copy[key] = reviver(copy[key]);
      if (others !== null) {
        for (const key of Object.keys(copy)) if (!known.has(key)) copy[key] = others(copy[key]);
      }
      return copy;
    };
  }

  /** The reviver of members whose names the schema does not list: of a map from ids or locales, for instance. */
  #buildOthers(schema: AnySchemaObject): Reviver | null {
    const schemas = [
      ...Object.values((schema['patternProperties'] ?? {}) as Record<string, unknown>),
      schema['additionalProperties'],
    ];
    const revivers = schemas.map(other => this.compile(other)).filter(reviver => reviver !== null);
    return revivers.length === 0 ? null : value => revivers.reduce((current, reviver) => reviver(current), value);
  }

  #buildArray(schema: AnySchemaObject): Reviver | null {
    const items = this.compile(schema['items']);
    return items && (value => (Array.isArray(value) ? value.map(items) : value));
  }

  #resolve(reference: string): unknown {
    if (!reference.startsWith('#'))
      throw new Error(`The schema ${reference} is not part of the schema that refers to it.`);
    const keys = reference.split('/').slice(1);
    return keys.reduce<unknown>(
      (part, key) => (part as Record<string, unknown>)[key.replaceAll('~1', '/').replaceAll('~0', '~')],
      this.#root,
    );
  }
}

function reviveDate(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : date;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
