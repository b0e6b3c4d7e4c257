import { type App, create } from '../app/app.ts';
import { DataDirectoryLockedError } from '../app/datastore/store/embedded/directory-lock.ts';
import { seedLoad } from '../app/demo/load/seed-load.ts';
import { isEmpty, writeDemo } from '../app/demo/seed.ts';
import { createDemoContext, startStandIns } from '../app/development.ts';
import { type Config } from '../config/schema.ts';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords } from './lib/command.ts';
import { createScriptLog, loadServiceConfig } from './lib/configuration.ts';
import { parseCount } from './lib/values.ts';

const help = `
seed: fills an empty database with demo campaigns, or with many generated ones. The database is the one that is
configured; an embedded one must not be in use by the service at the same time.

  --campaigns N     N generated campaigns for tests under load, instead of the demo
  --force           also when there are campaigns already: adds to them

Prints how much was made, as JSON.

Examples
  npm run --silent seed
  MONGODB_URI=mongodb://127.0.0.1:27017 npm run --silent seed -- --campaigns 100000

Exit codes
  0 done   1 there are campaigns already   2 configuration or command line not valid
  3 the data folder is in use   4 the database does not answer
`;

await runCommand({
  help,
  options: { campaigns: { type: 'string' }, force: { type: 'boolean', default: false } },
  async run({ values, positionals }) {
    throwIfUnknownWords(positionals);
    const campaigns = values.campaigns === undefined ? undefined : parseCount('--campaigns', values.campaigns);
    const { app } = await open();
    try {
      const ctx = createDemoContext(app);
      if (!values.force && !(await isEmpty(ctx))) {
        tell(`There are campaigns in ${app.store.location} already. Use --force to add to them.`);
        return exitCodes.failed;
      }
      const onProgress = (made: number): void => tell(`${made} campaigns …`);
      const made = campaigns === undefined ? await writeDemo(ctx) : await seedLoad(ctx, { campaigns, onProgress });
      print(JSON.stringify(made));
      tell(`Seeded ${app.store.location}.`);
      return exitCodes.done;
    } finally {
      await app.stop('seeded');
    }
  },
});

/** Makes the service without starting it: no port, no workers. Nothing has to look away before it stops. */
async function open(): Promise<{ readonly app: App; readonly config: Config }> {
  const { config: named, environment } = loadServiceConfig();
  const config = environment === 'development' ? await startStandIns(named) : named;
  const server = { ...config.server, shutdownDelayMs: 0 };
  try {
    return { app: await create({ config: { ...config, server }, environment, log: createScriptLog() }), config };
  } catch (error) {
    if (error instanceof DataDirectoryLockedError) tell('Stop the service first, or seed a MongoDB (MONGODB_URI).');
    throw error;
  }
}
