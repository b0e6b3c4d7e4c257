import { type Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
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

/** What is to be compiled yet. */
const waiting = new Set<() => unknown>();

/**
 * Compiles what no validator has needed yet. A server does so before it listens: nobody is kept waiting, and a schema that
 * is wrong is found at once. A process that does one thing needs few of them. Throws an `Error` when a schema is wrong.
 */
export function compileSchemas(): void {
  for (const compile of waiting) compile();
}

/** Gives the compiled form of a schema, which is made when it is needed first. */
function compileOnce(ajv: Ajv2020, schema: AnySchemaObject): () => ValidateFunction {
  let validate: ValidateFunction | undefined;
  const compile = (): ValidateFunction => {
    waiting.delete(compile);
    validate ??= ajv.compile(withoutIds(schema) as AnySchemaObject);
    return validate;
  };
  waiting.add(compile);
  return () => validate ?? compile();
}

/** Gives the validator of a schema (2020-12). It throws an `Error`, when it is used or compiled, if the schema itself is wrong. */
export function createValidator<T>(schema: AnySchemaObject): Validator<T> {
  const select = compileOnce(plainAjv, schema);
  const selectFaults = (value: unknown): ErrorDetail[] => {
    const validate = select();
    return validate(value) ? [] : formatFaults(validate.errors ?? []);
  };
  return {
    selectFaults,
    throwIfInvalid(value) {
      const faults = selectFaults(value);
      if (faults.length > 0) throw new ValidationError(faults);
    },
  };
}

/** Gives the reader of a query by its schema: an object with one property per parameter. */
export function createQueryReader<T>(schema: AnySchemaObject): QueryReader<T> {
  const select = compileOnce(fillingAjv, schema);
  const parameters = new Map(Object.entries((schema['properties'] ?? {}) as Record<string, TextSchema>));
  return {
    read(query) {
      // A parameter may be called __proto__: on an object without a prototype that is a name like any other.
      const values = Object.create(null) as Record<string, unknown>;
      for (const [name, text] of Object.entries(query)) {
        if (text !== undefined) values[name] = readText(text, parameters.get(name) ?? {});
      }
      const validate = select();
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
