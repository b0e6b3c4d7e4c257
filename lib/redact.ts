import { rememberByText } from './remember.ts';

/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

const SECRET_KEY =
  /pass(?:word|phrase)|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credential|e-?mail/i;
/** Few names are logged, over and over. */
const isSecretKey = rememberByText(key => SECRET_KEY.test(key), { max: 1_000 });
const EMAIL = /[A-Z0-9._%+-]+@[A-Z0-9-]+(?:\.[A-Z0-9-]+)*\.[A-Z]{2,}/gi;
const URL_CREDENTIALS = /(\/\/)[^/@\s]+@/g;
const BEARER = /\bBearer\s+[\w.~+/=-]+/gi;
const COMPACT_JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT_LENGTH = 4096;

/**
 * A copy of a value that is fit for a log: secrets, tokens, cookies and e-mail addresses are replaced (by the name of
 * their key, and by their look inside of texts), errors become objects with their chain of causes, and what is deep,
 * long or large is cut.
 */
export function redact(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
    case 'symbol':
    case 'function':
      return String(value);
    case 'object':
      return value === null ? null : redactObject(value, depth);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
  }
}

/** Replaces what looks like a secret inside a text. */
export function redactText(text: string): string {
  let redacted = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
  if (redacted.includes('@')) redacted = redacted.replace(URL_CREDENTIALS, `$1${REDACTED}@`).replace(EMAIL, REDACTED);
  if (redacted.includes('eyJ')) redacted = redacted.replace(COMPACT_JWT, REDACTED);
  return /bearer/i.test(redacted) ? redacted.replace(BEARER, `Bearer ${REDACTED}`) : redacted;
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => redact(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return redactObject(Object.fromEntries(value) as object, depth);
  if (value instanceof Set) return redactObject([...(value as Set<unknown>)], depth);
  const copy: Record<string, unknown> = {};
  let count = 0;
  for (const key in value) {
    if (++count > MAX_ITEMS) break;
    copy[key] = isSecretKey(key) ? REDACTED : redact((value as Record<string, unknown>)[key], depth + 1);
  }
  return copy;
}

function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    name,
    message: redactText(message),
    ...(code !== undefined && { code: redact(code, depth + 1) }),
    ...(stack !== undefined && { stack: redactText(stack) }),
    ...(cause !== undefined && { cause: redact(cause, depth + 1) }),
    ...(error instanceof AggregateError && { errors: redact(error.errors, depth + 1) }),
  };
}
