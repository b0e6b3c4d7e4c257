import { configSchema } from '../config/schema.ts';
import { formatConfigTable, redactConfig } from '../lib/config/describe.ts';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords } from './lib/command.ts';
import { loadServiceConfig } from './lib/configuration.ts';

const help = `
config: shows what can be configured, or checks what is.

  config            prints the table of all keys, as Markdown
  config --check    validates files and variables of this environment (NODE_ENV, development unless it is set), as the
                    service does at its start, and prints the configuration as JSON, without secrets

Examples
  npm run --silent config
  NODE_ENV=production MONGODB_URI_FILE=/run/secrets/mongodb_uri npm run --silent config -- --check

Exit codes
  0 done   2 the configuration is not valid (every fault is named), or the command line is not
`;

await runCommand({
  help,
  options: { check: { type: 'boolean', default: false } },
  async run({ values, positionals }) {
    throwIfUnknownWords(positionals);
    if (!values.check) {
      print(formatConfigTable(configSchema));
      return exitCodes.done;
    }
    const { config, environment } = loadServiceConfig();
    print(JSON.stringify(redactConfig(configSchema, config), null, 2));
    tell(`The configuration is valid for ${environment}.`);
    return exitCodes.done;
  },
});
