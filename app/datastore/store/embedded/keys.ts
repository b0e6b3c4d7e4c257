import { isList, isFields } from './values.ts';

/**
 * Keys are byte strings, held as JavaScript strings of one byte per character: they concatenate cheaply, serve as keys
 * of maps, and `<` on them is the order of LMDB. A value's encoding sorts as MongoDB sorts values (kinds first: null and
 * missing, numbers, strings by their UTF-8, documents, lists, bytes, booleans, dates) and is never the beginning of
 * another value's, so that encodings of several fields can be joined.
 */
export type Key = string;

/** LMDB's limit, in bytes. */
export const MAX_KEY_BYTES = 1978;

/** How an empty list is indexed: below null, as in MongoDB. */
export const EMPTY_LIST_KEY: Key = '\x03';
export const NULL_KEY: Key = '\x05';
/** The first key above null: whatever sorts from here on is a value that exists. */
export const ABOVE_NULL_KEY: Key = '\x06';

/** The keys of the values that `$gt` and its like compare with each other: one kind each. From, and up to but without. */
export const KIND_RANGES = {
  number: ['\x10', '\x11'],
  string: ['\x20', '\x21'],
  boolean: ['\x70', '\x72'],
  date: ['\x80', '\x81'],
} as const;

const scratch = new DataView(new ArrayBuffer(8));

/** The key of one value; `undefined` is taken for null. */
export function valueKey(value: unknown): Key {
  switch (typeof value) {
    case 'string':
      return `\x20${textKey(value)}\x00`;
    case 'number':
      return `\x10${numberKey(value)}`;
    case 'boolean':
      return value ? '\x71' : '\x70';
    case 'object':
      if (value instanceof Date) return `\x80${numberKey(value.getTime())}`;
      if (isList(value)) return `\x40${value.map(valueKey).join('')}\x00`;
      if (value instanceof Uint8Array) return `\x50${numberKey(value.length)}${Buffer.from(value).toString('latin1')}`;
      if (isFields(value)) return `\x30${Object.entries(value).map(fieldKey).join('')}\x00`;
      return NULL_KEY;
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
    default:
      return NULL_KEY;
  }
}

/** The beginning of the keys of all strings that begin with a text. */
export function textPrefixKey(text: string): Key {
  return `\x20${textKey(text)}`;
}

/** The text of a string's key. */
export function textOfKey(key: Key): string {
  const text = key.slice(1, -1);
  if (/^[\x02-\x7f]*$/.test(text)) return text;
  const bytes = text.replace(/\x01[\x01\x02]/g, pair => (pair === '\x01\x01' ? '\x00' : '\x01'));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The key that sorts the other way round, for a descending field. */
export function descending(key: Key): Key {
  const bytes = Buffer.from(key, 'latin1');
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = 255 - (bytes[at] ?? 0);
  return bytes.toString('latin1');
}

/** The first key after all that begin with this one. */
export function successor(key: Key): Key {
  let end = key.length;
  while (end > 0 && key.charCodeAt(end - 1) === 255) end -= 1;
  return key.slice(0, end - 1) + String.fromCharCode(key.charCodeAt(end - 1) + 1);
}

/** Two bytes that tell the keys of one collection or index from those of others. */
export function prefixKey(number: number): Key {
  return String.fromCharCode(number >> 8, number & 255);
}

// A document compares field by field: kind, then name, then value.
function fieldKey([field, value]: [string, unknown]): Key {
  const key = valueKey(value);
  return `${key.charAt(0)}${textKey(field)}\x00${key}`;
}

// Zero ends a text, so zero and one are written as two bytes.
function textKey(text: string): Key {
  if (/^[\x02-\x7f]*$/.test(text)) return text;
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[\x00\x01]/g, byte => (byte === '\x00' ? '\x01\x01' : '\x01\x02'));
}

// The bits of a double sort as numbers once the sign is flipped, and all bits of negative ones.
function numberKey(value: number): Key {
  if (Number.isNaN(value)) return '\x00\x00\x00\x00\x00\x00\x00\x00';
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const high = scratch.getUint32(0);
  const low = scratch.getUint32(4);
  const isNegative = high >= 0x80000000;
  return uint32Key(isNegative ? ~high : high | 0x80000000) + uint32Key(isNegative ? ~low : low);
}

function uint32Key(bits: number): Key {
  return String.fromCharCode((bits >>> 24) & 255, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255);
}
