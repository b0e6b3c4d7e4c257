import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readText } from '../schema/text-value.ts';
import { createValidator } from '../schema/validator.ts';
import { type ConfigEntry, type ConfigSchema, listConfigKeys } from './config-schema.ts';

/** Every fault of a configuration, at once. Values of secrets are not among them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map(fault => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** A rule over several keys: gives a fault for each way in which it is broken. */
export type ConfigRule<C> = (config: C, environment: string) => readonly string[];

export interface LoadConfigOptions<C> {
  readonly schema: ConfigSchema;
  readonly rules: readonly ConfigRule<C>[];
  /** The folder of `default.yml` and `<environment>.yml`. */
  readonly directory: string;
  /** The variables; `NODE_ENV` names the environment, `development` unless it is set. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Groups = Record<string, Record<string, unknown>>;

const environments = ['development', 'test', 'production'];

/**
 * Loads the configuration: defaults of the schema, under the files, under the variables. A variable that is set to
 * nothing counts as not set; anything else that is not what the key wants is a fault, never a default.
 * Throws `ConfigError` with all faults.
 */
export function loadConfig<C>({ schema, rules, directory, variables }: LoadConfigOptions<C>): {
  config: C;
  environment: string;
} {
  const environment = variables['NODE_ENV'] || 'development';
  const faults: string[] = [];
  if (!environments.includes(environment))
    throw new ConfigError([`NODE_ENV must be one of ${environments.join(', ')}`]);
  const keys = listConfigKeys(schema);
  const config: Groups = {};
  for (const { group, name, key } of keys) {
    config[group] ??= {};
    if (key.default !== undefined) config[group][name] = key.default;
  }
  for (const file of ['default.yml', `${environment}.yml`]) mergeFile(config, join(directory, file), file, faults);
  for (const entry of keys) mergeVariable(config, entry, variables, faults);
  const names = new Map(keys.map(({ group, name, key }) => [`/${group}/${name}`, key['x-env']]));
  for (const { path = '', message } of createValidator(toStrictSchema(schema)).selectFaults(config)) {
    const [, group, name] = path.split('/');
    faults.push(`${names.get(`/${group}/${name}`) ?? (path.slice(1).replaceAll('/', '.') || 'a file')} ${message}`);
  }
  // Rules look at values; they would only repeat what is wrong with them.
  if (faults.length === 0) faults.push(...rules.flatMap(rule => rule(config as C, environment)));
  if (faults.length > 0) throw new ConfigError([...new Set(faults)]);
  return { config: config as C, environment };
}

/** The schema as Ajv reads it: without our own keywords, and with every unknown key a fault. */
function toStrictSchema({ properties }: ConfigSchema): object {
  const groups = Object.entries(properties).map(([group, { properties: keys }]) => {
    const plain = Object.entries(keys).map(([name, key]) => {
      const { 'x-env': _env, 'x-secret': _secret, default: _default, ...rest } = key;
      return [name, rest];
    });
    return [group, { type: 'object', additionalProperties: false, properties: Object.fromEntries(plain) as object }];
  });
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(groups) as object };
}

function mergeFile(config: Groups, path: string, file: string, faults: string[]): void {
  if (!existsSync(path)) return;
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    faults.push(`${file} is not YAML: ${(error as Error).message.split('\n')[0]}`);
    return;
  }
  for (const [group, values] of Object.entries((content ?? {}) as Groups)) {
    config[group] = typeof values === 'object' && values !== null ? { ...config[group], ...values } : values;
  }
}

function mergeVariable(
  config: Groups,
  { group, name, key }: ConfigEntry,
  variables: LoadConfigOptions<unknown>['variables'],
  faults: string[],
): void {
  const variable = key['x-env'];
  const file = variables[`${variable}_FILE`];
  let text = variables[variable];
  if (file) {
    if (text) {
      faults.push(`${variable} and ${variable}_FILE are both set`);
      return;
    }
    try {
      text = readFileSync(file, 'utf8').trimEnd();
    } catch {
      faults.push(`${variable}_FILE names a file that cannot be read`);
      return;
    }
  }
  if (text === undefined || text === '') return;
  const values = config[group];
  // A file may have put something else in the group's place; the schema says so.
  if (typeof values === 'object') values[name] = readText(text, key);
}
