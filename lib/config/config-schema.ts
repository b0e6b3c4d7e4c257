/** One key of the configuration. */
export interface ConfigKey {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array';
  readonly description: string;
  readonly default?: unknown;
  /** The environment variable that sets the key; `<variable>_FILE` names a file that holds the value. */
  readonly 'x-env': string;
  /** Whether the value is never shown. */
  readonly 'x-secret'?: boolean;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly items?: { readonly type: 'string'; readonly enum?: readonly string[] };
}

/** The configuration's JSON schema: groups of keys. */
export interface ConfigSchema {
  readonly type: 'object';
  readonly properties: Readonly<
    Record<
      string,
      {
        readonly type: 'object';
        readonly description: string;
        readonly properties: Readonly<Record<string, ConfigKey>>;
      }
    >
  >;
}

/** A key and where it stands. */
export interface ConfigEntry {
  readonly group: string;
  readonly name: string;
  readonly key: ConfigKey;
}

/** Lists every key of a schema, in its order. */
export function listConfigKeys(schema: ConfigSchema): ConfigEntry[] {
  return Object.entries(schema.properties).flatMap(([group, { properties }]) =>
    Object.entries(properties).map(([name, key]) => ({ group, name, key })),
  );
}
