import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { formats } from './formats.ts';

// The types of ajv-formats describe its CommonJS export, which Node hands over as it is.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** Keywords that say something to readers and tools, and nothing to the validator. */
const ANNOTATIONS = ['x-env', 'x-secret', 'example'];

export interface AjvOptions {
  /** Fills in what is missing where the schema has a default. */
  readonly useDefaults?: boolean;
}

/**
 * The validator that all schemas are compiled with: JSON Schema 2020-12, strict, every fault at once. A text that is
 * too long is not held against a pattern or a format as well: it is a stranger's, and patterns can be slow.
 */
export function createAjv({ useDefaults = false }: AjvOptions = {}): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true, useDefaults });
  addFormats(ajv, ['date', 'uri', 'email', 'uuid', 'ipv4', 'ipv6']);
  for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, validate);
  ajv.addVocabulary(ANNOTATIONS);
  ajv.removeKeyword('pattern');
  ajv.addKeyword({
    keyword: 'pattern',
    type: 'string',
    schemaType: 'string',
    compile(pattern: string, parent: AnySchemaObject) {
      const expression = new RegExp(pattern, 'u');
      const { maxLength = Number.POSITIVE_INFINITY } = parent as { maxLength?: number };
      return (text: string) => text.length > maxLength || expression.test(text);
    },
  });
  return ajv;
}
