type Json = Readonly<Record<string, unknown>>;

/** Collects the schemas of a document that have a name; elsewhere in it they are referred to. */
export interface Components {
  /** The schemas, by name. */
  readonly schemas: Readonly<Record<string, unknown>>;
  /** Gives a schema with every named one inside replaced by a reference. */
  take(schema: unknown): unknown;
}

/** Makes the components of a document, with those that it has anyway. */
export function createComponents(given: Json): Components {
  const schemas: Record<string, unknown> = { ...given };
  const take = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(take);
    if (typeof schema !== 'object' || schema === null) return schema;
    const { $id, ...rest } = schema as Json;
    const taken = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, take(value)]));
    if (typeof $id !== 'string') return taken;
    schemas[$id] = taken;
    return { $ref: `#/components/schemas/${$id}` };
  };
  return { schemas, take };
}
