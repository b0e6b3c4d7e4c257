import { ValidationError } from './errors.ts';
import { appendPointer } from './json-pointer.ts';

interface Fault {
  /** The keys that lead to the fault, the innermost first. */
  readonly keys: string[];
  readonly message: string;
}

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const DEFAULT_MAX_DEPTH = 32;

/**
 * Throws `ValidationError`, with the JSON pointer, for what no client may send: objects and arrays nested deeper than
 * `maxDepth`, and keys that begin with `$`, contain `.` or NUL (they mean something to MongoDB), or touch prototypes.
 */
export function throwIfUnsafeJson(value: unknown, { maxDepth = DEFAULT_MAX_DEPTH } = {}): void {
  const fault = findFault(value, maxDepth);
  if (fault === null) return;
  throw new ValidationError([{ path: fault.keys.reverse().reduce(appendPointer, ''), message: fault.message }]);
}

/** Whether a key is one that a client may not send. */
function isUnsafeKey(key: string): boolean {
  return key.startsWith('$') || key.includes('.') || key.includes('\0') || FORBIDDEN_KEYS.has(key);
}

function findFault(value: unknown, depthLeft: number): Fault | null {
  if (typeof value !== 'object' || value === null) return null;
  if (depthLeft === 0) return { keys: [], message: 'is nested too deeply' };
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (!isArray && isUnsafeKey(key)) return { keys: [key], message: 'is not an allowed name' };
    const fault = findFault((value as Record<string, unknown>)[key], depthLeft - 1);
    if (fault !== null) {
      fault.keys.push(key);
      return fault;
    }
  }
  return null;
}
