import { fileURLToPath } from 'node:url';
import { selectEnvironment } from '../lib/config/environment.ts';
import { loadConfig } from '../lib/config/load.ts';
import { configRules } from '../config/rules.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { type App } from './app.ts';
import { describeFailure } from './failures.ts';

const configDirectory = fileURLToPath(new URL('../config/', import.meta.url));

/** Reads the configuration before anything else is loaded, starts the service, and stops it on a signal. */
async function main(): Promise<void> {
  const { config: named, environment } = loadConfig<Config>({
    schema: configSchema,
    rules: configRules,
    directory: configDirectory,
    variables: selectEnvironment(),
  });
  // From the very beginning: the first process of a container ignores signals that it has no handler for.
  const made: { app?: App } = {};
  const stop = (signal: NodeJS.Signals): void => {
    if (made.app === undefined) process.exit(0);
    void made.app.stop(signal).then(code => process.exit(code));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const isDevelopment = environment === 'development';
  const config = isDevelopment ? await (await import('./development.ts')).startStandIns(named) : named;
  const { create } = await import('./app.ts');
  const app = await create({ config, environment });
  made.app = app;
  try {
    const { url } = await app.start();
    if (isDevelopment) {
      const { greet } = await import('./development.ts');
      await greet(app, { config, url });
    }
  } catch (error) {
    // Without a word of its own: one clear line says why.
    await app.stop();
    throw error;
  }
}

main().catch((error: unknown) => {
  const { message, exitCode } = describeFailure(error);
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
});
