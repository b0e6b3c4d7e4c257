import path from 'node:path';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { loadConfig } from '../../lib/config/load.ts';

/** Loads the configuration of tests with these variables over it. */
export function loadTestConfig(variables: Readonly<Record<string, string>> = {}): Config {
  return loadConfig<Config>({
    schema: configSchema,
    rules: configRules,
    directory: path.resolve('config'),
    variables: { NODE_ENV: 'test', ...variables },
  }).config;
}
