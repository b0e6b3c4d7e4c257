import { fileURLToPath } from 'node:url';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { selectEnvironment } from '../../lib/config/environment.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { createLog } from '../../lib/log.ts';

/** Loads the configuration as the service does. Throws `ConfigError` with every fault. */
export function loadServiceConfig(): { readonly config: Config; readonly environment: string } {
  return loadConfig<Config>({
    schema: configSchema,
    rules: configRules,
    directory: fileURLToPath(new URL('../../config/', import.meta.url)),
    variables: selectEnvironment(),
  });
}

/** Makes a log that leaves standard output to data: only what went wrong is told, on standard error. */
export function createScriptLog(): ReturnType<typeof createLog> {
  return createLog({
    level: 'warn',
    environment: 'development',
    destination: { write: line => void process.stderr.write(line) },
  });
}
