import { specs } from '../app/datastore/datastores.ts';
import {
  type Collection,
  type CollectionSpec,
  DuplicateKeyError,
  type StoredDocument,
} from '../app/datastore/store/collection.ts';
import { openStore } from '../app/store.ts';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords } from './lib/command.ts';
import { createScriptLog, loadServiceConfig } from './lib/configuration.ts';
import { parseDuration } from './lib/values.ts';

const help = `
indexes: makes the indexes that the database lacks. The database is the one that is configured.

  --check           only names what is missing
  --timeout SPAN    how long the database may be silent while it builds (default 1h)

Prints a line for each index that was missing: <collection>.<index>.

Examples
  MONGODB_URI=mongodb://127.0.0.1:27017 npm run --silent indexes
  npm run --silent indexes -- --check

Exit codes
  0 nothing is missing (any more)   1 with --check: something is missing; else: an index could not be made
  2 configuration or command line not valid   3 the data folder is in use   4 the database does not answer
`;

/** Makes what a collection lacks. Says whether it could. */
async function createMissing(collection: Collection<StoredDocument>, spec: CollectionSpec): Promise<boolean> {
  tell(`Building the indexes of ${spec.name} …`);
  try {
    await collection.createIndexes();
    return true;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    tell(`${spec.name}.${error.index} cannot be made: documents that are there share a key that is to be unique.`);
    return false;
  }
}

await runCommand({
  help,
  options: { check: { type: 'boolean', default: false }, timeout: { type: 'string', default: '1h' } },
  async run({ values, positionals }) {
    throwIfUnknownWords(positionals);
    // Building takes as long as the collection is large; the limits of requests do not fit.
    const socketTimeoutMs = parseDuration('--timeout', values.timeout);
    const { config } = loadServiceConfig();
    const store = await openStore({ database: { ...config.database, socketTimeoutMs } }, createScriptLog().Log);
    try {
      let count = 0;
      let isDone = true;
      for (const spec of specs) {
        const collection = store.collection(spec);
        const missing = await collection.missingIndexes();
        if (missing.length === 0) continue;
        const isMade = !values.check && (await createMissing(collection, spec));
        isDone &&= isMade;
        count += missing.length;
        if (isMade || values.check) for (const index of missing) print(`${spec.name}.${index}`);
      }
      tell(describeOutcome({ count, isDone, isCheck: values.check, location: store.location }));
      return isDone ? exitCodes.done : exitCodes.failed;
    } finally {
      await store.close();
    }
  },
});

function describeOutcome({
  count,
  isDone,
  isCheck,
  location,
}: {
  count: number;
  isDone: boolean;
  isCheck: boolean;
  location: string;
}): string {
  if (count === 0) return `${location} has every index.`;
  if (isCheck) return `Missing in ${location}: ${count}.`;
  return isDone ? `Made in ${location}: ${count}.` : `${location} lacks indexes that could not be made.`;
}
