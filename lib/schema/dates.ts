interface Schema {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
}

type Reviver = (value: unknown) => unknown;

function compile(schema: unknown): Reviver | null {
  if (typeof schema !== 'object' || schema === null) return null;
  const { type, format, properties = {}, additionalProperties, items } = schema as Schema;
  if (type === 'string')
    return format === 'date-time' ? value => (typeof value === 'string' ? new Date(value) : value) : null;
  if (type === 'array') return compileArray(compile(items));
  if (type !== 'object') return null;
  const revivers = new Map<string, Reviver>();
  for (const [key, property] of Object.entries(properties)) {
    const reviver = compile(property);
    if (reviver !== null) revivers.set(key, reviver);
  }
  return compileObject(revivers, compile(additionalProperties));
}

function compileArray(item: Reviver | null): Reviver | null {
  return item && (value => (Array.isArray(value) ? value.map(item) : value));
}

function compileObject(named: ReadonlyMap<string, Reviver>, rest: Reviver | null): Reviver | null {
  if (named.size === 0 && rest === null) return null;
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const revived: Record<string, unknown> = { ...value };
    for (const key of rest === null ? named.keys() : Object.keys(revived)) {
      const reviver = named.get(key) ?? rest;
      if (reviver !== null && revived[key] !== undefined) revived[key] = reviver(revived[key]);
    }
    return revived;
  };
}

/**
 * Prepares a schema's instants: `revive` gives a validated value with a date for each string of format `date-time`;
 * parts without instants are shared, nothing is changed. `JSON.stringify` does the reverse.
 */
export function compileDates(schema: unknown): { revive(value: unknown): unknown } {
  const reviver = compile(schema) ?? (value => value);
  return { revive: reviver };
}
