import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type ErrorDetail, ValidationError } from '../errors.ts';

/** A compiled schema. */
export interface Validator {
  /** Throws `ValidationError` with every fault. */
  throwIfInvalid(value: unknown): void;
}

export interface ValidatorOptions {
  /**
   * For query parameters: strings become the numbers and booleans that the schema wants, defaults are filled in, and
   * faults are named by parameter. The value is changed in place.
   */
  readonly coerce?: boolean;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 instant of a day that exists (`new Date` would let 30 February be 2 March). */
function isInstant(text: string): boolean {
  if (!INSTANT.test(text)) return false;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day >= 1 && day <= lastDay && !Number.isNaN(Date.parse(text));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function createAjv(coerce: boolean): Ajv2020 {
  // Every fault is told at once. Bodies are bounded, and texts are bounded before a pattern looks at them.
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    coerceTypes: coerce,
    useDefaults: coerce,
  });
  (addFormats as unknown as typeof addFormats.default)(ajv, ['uri', 'uuid', 'email']);
  ajv.addFormat('date-time', isInstant);
  ajv.addFormat('time-zone', isTimeZone);
  return ajv;
}

const plain = createAjv(false);
const coercing = createAjv(true);

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Where a fault lies and what is wrong, as a sentence. */
function describeFault(error: ErrorObject): ErrorDetail {
  const { instancePath: path, keyword, params } = error as ErrorObject<string, Record<string, unknown>>;
  switch (keyword) {
    case 'required':
      return { path: `${path}/${escapePointer(String(params['missingProperty']))}`, message: 'is required' };
    case 'additionalProperties':
      return {
        path: `${path}/${escapePointer(String(params['additionalProperty']))}`,
        message: 'is not a field that is known here',
      };
    case 'enum':
      return { path, message: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` };
    case 'format':
      return { path, message: describeFormat(String(params['format'])) };
    case 'propertyNames':
      return { path: `${path}/${escapePointer(String(params['propertyName']))}`, message: 'is not a valid name' };
    default:
      return { path, message: error.message ?? 'is not valid' };
  }
}

function describeFormat(format: string): string {
  if (format === 'date-time') return 'must be an instant such as 2026-01-15T12:00:00Z';
  if (format === 'time-zone') return 'must be an IANA time zone such as America/Toronto';
  return `must be a valid ${format}`;
}

/** Names a parameter rather than a place in a document. */
function nameParameter({ path = '', message }: ErrorDetail): ErrorDetail {
  return {
    path: path.slice(1),
    message: message === 'is not a field that is known here' ? 'is not a parameter of this route' : message,
  };
}

/** Compiles a JSON schema (2020-12). Throws at once when the schema itself is wrong. */
export function createValidator(schema: unknown, { coerce = false }: ValidatorOptions = {}): Validator {
  const validate: ValidateFunction = compile(coerce ? coercing : plain, schema as object);
  return {
    throwIfInvalid(value) {
      if (validate(value)) return;
      const faults = (validate.errors ?? [])
        // Both would be told twice: a bad name by its own rule, a union by each of its branches.
        .filter(error => !(error.propertyName !== undefined && error.keyword !== 'propertyNames'))
        .map(describeFault);
      throw new ValidationError(coerce ? faults.map(nameParameter) : faults);
    },
  };
}

/** Schemas refer to no other, and one may be part of several: `$id` names them for people alone. */
function compile(ajv: Ajv2020, schema: object): ValidateFunction {
  return ajv.compile(withoutIds(schema) as object);
}

function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $id, ...rest } = schema as Record<string, unknown>;
  const kept = typeof $id === 'string' ? rest : schema;
  return Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, withoutIds(value)]));
}
