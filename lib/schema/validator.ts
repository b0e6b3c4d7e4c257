import { type AnySchemaObject } from 'ajv/dist/2020.js';
import { type ErrorDetail, ValidationError } from '../errors.ts';
import { createAjv } from './ajv.ts';
import { formatFaults } from './faults.ts';
import { readText, type TextSchema } from './text-value.ts';

/**
 * A compiled schema. TypeScript lets an assertion be called only on a name with a written type:
 * `const body: Validator<Market> = createValidator(schema)`.
 */
export interface Validator<T> {
  /** Every fault, none for what is valid. */
  selectFaults(value: unknown): ErrorDetail[];
  /** Throws `ValidationError` with every fault. */
  throwIfInvalid(value: unknown): asserts value is T;
}

/** A compiled schema of query parameters. */
export interface QueryReader<T> {
  /**
   * Reads the parameters as the types that the schema wants and fills in its defaults. Throws `ValidationError`, which
   * names the parameters.
   */
  read(query: Readonly<Record<string, string | string[] | undefined>>): T;
}

const plainAjv = createAjv();
const fillingAjv = createAjv({ useDefaults: true });

/** Compiles a schema (2020-12), once, at start-up. Throws an `Error` when the schema itself is wrong. */
export function createValidator<T>(schema: AnySchemaObject): Validator<T> {
  const validate = plainAjv.compile(withoutIds(schema) as AnySchemaObject);
  const selectFaults = (value: unknown): ErrorDetail[] => (validate(value) ? [] : formatFaults(validate.errors ?? []));
  return {
    selectFaults,
    throwIfInvalid(value) {
      const faults = selectFaults(value);
      if (faults.length > 0) throw new ValidationError(faults);
    },
  };
}

/** Compiles the schema of a query: an object with one property per parameter. */
export function createQueryReader<T>(schema: AnySchemaObject): QueryReader<T> {
  const validate = fillingAjv.compile(withoutIds(schema) as AnySchemaObject);
  const parameters = new Map(Object.entries((schema['properties'] ?? {}) as Record<string, TextSchema>));
  return {
    read(query) {
      // A parameter may be called __proto__: on an object without a prototype that is a name like any other.
      const values = Object.create(null) as Record<string, unknown>;
      for (const [name, text] of Object.entries(query)) {
        if (text !== undefined) values[name] = readText(text, parameters.get(name) ?? {});
      }
      if (validate(values)) return values as T;
      const faults = formatFaults(validate.errors ?? [], 'is not a known parameter');
      throw new ValidationError(faults.map(({ path = '', message }) => ({ path: path.slice(1), message })));
    },
  };
}

/** Schemas refer to none outside, and one may be part of several: `$id` names them for people alone. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key, value]) => key !== '$id' || typeof value !== 'string');
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutIds(value)]));
}
