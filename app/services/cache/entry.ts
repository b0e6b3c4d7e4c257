import { createValidator, type Validator } from '../../../lib/schema/validator.ts';

/** What is cached under a key. */
export interface CacheEntry {
  /** Null: it is known that there is none. */
  readonly value: unknown;
  /** Of what has versions; 0 of what has none. */
  readonly version: number;
  /** Until when it is good, in milliseconds since 1970. */
  readonly freshUntil: number;
  /** Until when it is better than nothing. */
  readonly staleUntil: number;
}

const validator: Validator<CacheEntry> = createValidator({
  type: 'object',
  additionalProperties: false,
  required: ['value', 'version', 'freshUntil', 'staleUntil'],
  properties: {
    value: {},
    version: { type: 'integer', minimum: 0 },
    freshUntil: { type: 'number' },
    staleUntil: { type: 'number' },
  },
});

/** Reads an entry as it lies in Redis, where others may have written; null when it is none. */
export function parseEntry(text: string): CacheEntry | null {
  try {
    const entry: unknown = JSON.parse(text);
    return validator.selectFaults(entry).length === 0 ? (entry as CacheEntry) : null;
  } catch {
    return null;
  }
}
