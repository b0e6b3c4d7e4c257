/** As much of a JSON Schema as says how a text is to be read. */
export interface TextSchema {
  readonly type?: string | readonly string[];
  readonly items?: TextSchema | boolean;
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Reads what came as text (a query parameter, an environment variable) as what the schema wants: numbers in plain
 * decimal, `true` and `false`, lists by commas or by repetition. A text that is nothing of the kind stays a text, so
 * that the validator names the fault: garbage never becomes a number or a default.
 */
export function readText(text: string | readonly string[], schema: TextSchema): unknown {
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.find(name => name !== 'null');
  if (type === 'array') return readList(text, schema);
  if (typeof text !== 'string') return text;
  switch (type) {
    case 'integer':
      return INTEGER.test(text) ? Number(text) : text;
    case 'number':
      return NUMBER.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text;
    case undefined:
    default:
      return text;
  }
}

function readList(text: string | readonly string[], { items }: TextSchema): unknown[] {
  const parts = (typeof text === 'string' ? [text] : text).flatMap(part => part.split(',')).map(part => part.trim());
  return typeof items === 'object' ? parts.map(part => readText(part, items)) : parts;
}
