import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { spec as campaignsSpec } from '../app/datastore/campaigns.ts';
import {
  createStateJournal,
  type JournalDocument,
  spec as journalSpec,
  type StateJournalDatastore,
} from '../app/datastore/state-journal.ts';
import {
  createStateSnapshots,
  type SnapshotDocument,
  spec as snapshotsSpec,
  type StateSnapshotsDatastore,
} from '../app/datastore/state-snapshots.ts';
import {
  exportState,
  formatStateRecord,
  importState,
  parseStateRecord,
  StateImportError,
  type StateRecord,
  verifyState,
} from '../app/datastore/state-transfer.ts';
import { type Store } from '../app/datastore/store/collection.ts';
import { DataDirectoryLockedError } from '../app/datastore/store/embedded/directory-lock.ts';
import { openStore } from '../app/store.ts';
import { type Config } from '../config/schema.ts';
import { isId } from '../lib/ids.ts';
import { exitCodes, print, runCommand, tell, throwIfUnknownWords, UsageError } from './lib/command.ts';
import { createScriptLog, loadServiceConfig } from './lib/configuration.ts';

const help = `
state: takes the live state of a campaign out of the database, brings it back, or checks it. The database is the one
that is configured; an embedded one must not be in use by the service at the same time.

  state export CAMPAIGN   writes all that is kept: a line of JSON for each snapshot and each commit of the journal
  state import CAMPAIGN   reads such lines; what is there already is left alone, another history is refused
  state verify CAMPAIGN   checks that no version is missing, that each commit follows the one it was built upon, that
                          each event is there once, and that snapshots are what the changes make

  --file FILE             the file to write, which must not be there yet, or to read; else standard output and input

CAMPAIGN is an id, an identifier, or 0 for the default campaign. verify prints what it found, as JSON.

Examples
  npm run --silent state -- export 65f0c0ffee65f0c0ffee65f0 --file state.ndjson
  MONGODB_URI=mongodb://127.0.0.1:27017 npm run --silent state -- import 65f0c0ffee65f0c0ffee65f0 < state.ndjson
  npm run --silent state -- verify 0

Exit codes
  0 done   1 there is nothing to export, the import does not fit, or the journal is not whole
  2 configuration or command line not valid   3 the data folder is in use   4 the database does not answer
`;

/** What the works need of a database. */
interface States {
  readonly journal: StateJournalDatastore;
  readonly snapshots: StateSnapshotsDatastore;
  readonly location: string;
}

type Work = (states: States, campaignId: string, file: string | undefined) => Promise<number>;

const works: Readonly<Record<string, Work>> = { export: exportTo, import: importFrom, verify };

await runCommand({
  help,
  options: { file: { type: 'string' } },
  async run({ values: { file }, positionals }) {
    const [action = '', campaign = ''] = positionals;
    throwIfUnknownWords(positionals, 2);
    const work = Object.hasOwn(works, action) ? works[action] : undefined;
    if (work === undefined) throw new UsageError('Say what is to be done: export, import or verify.');
    if (campaign === '') throw new UsageError('Say which campaign is meant.');
    if (action === 'verify' && file !== undefined) throw new UsageError('verify needs no file.');
    const { config } = loadServiceConfig();
    const store = await openDatabase(config);
    try {
      const identifier = campaign === '0' ? config.state.defaultCampaign : campaign;
      const campaignId = isId(campaign) ? campaign : await findCampaignId(store, identifier);
      return await work(await openStates(store, config), campaignId, file);
    } finally {
      await store.close();
    }
  },
});

async function openDatabase(config: Config): Promise<Store> {
  try {
    return await openStore(config, createScriptLog().Log);
  } catch (error) {
    if (error instanceof DataDirectoryLockedError) tell('Stop the service first, or use a MongoDB (MONGODB_URI).');
    throw error;
  }
}

async function findCampaignId(store: Store, identifier: string): Promise<string> {
  const [found] = await store.collection(campaignsSpec).find({ identifier }, { limit: 1, projection: { _id: 1 } });
  if (found === undefined) throw new UsageError(`There is no campaign ${identifier}.`);
  return found._id;
}

/** Opens the journal and the snapshots. Their unique indexes are what an import relies on. */
async function openStates(store: Store, { database }: Config): Promise<States> {
  if (store.kind === 'embedded' || database.createIndexes) {
    for (const spec of [journalSpec, snapshotsSpec]) await store.collection(spec).createIndexes();
  }
  return {
    journal: createStateJournal({ collection: store.collection<JournalDocument>(journalSpec) }),
    snapshots: createStateSnapshots({ collection: store.collection<SnapshotDocument>(snapshotsSpec) }),
    location: store.location,
  };
}

async function exportTo(states: States, campaignId: string, file: string | undefined): Promise<number> {
  if ((await states.journal.readHead(campaignId)) === null) {
    tell(`${campaignId} has no live state in ${states.location}.`);
    return exitCodes.failed;
  }
  const output = file === undefined ? undefined : await openFile(file);
  let count = 0;
  try {
    for await (const record of exportState(states, campaignId)) {
      const line = formatStateRecord(record);
      if (output === undefined) await printSlowly(line);
      else await output.write(`${line}\n`);
      count += 1;
    }
  } finally {
    await output?.close();
  }
  tell(`Exported ${count} records of ${campaignId}.`);
  return exitCodes.done;
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx');
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

/** Prints a line, and waits until whoever reads has taken it: an export may be larger than the memory. */
async function printSlowly(line: string): Promise<void> {
  await new Promise<void>(resolve => process.stdout.write(`${line}\n`, () => resolve()));
}

async function importFrom(states: States, campaignId: string, file: string | undefined): Promise<number> {
  try {
    const { documents, snapshots } = await importState(states, campaignId, readRecords(file));
    tell(`Imported ${documents} commits and ${snapshots} snapshots of ${campaignId} to ${states.location}.`);
  } catch (error) {
    if (!(error instanceof StateImportError)) throw error;
    tell(error.message);
    return exitCodes.failed;
  }
  return verify(states, campaignId);
}

/** Reads the records of a file, or of standard input. Throws `StateImportError` for a line that is none. */
async function* readRecords(file: string | undefined): AsyncGenerator<StateRecord> {
  const lines =
    file === undefined ? createInterface({ input: process.stdin, crlfDelay: Infinity }) : await openLines(file);
  let at = 0;
  for await (const line of lines) {
    at += 1;
    if (line.trim() !== '') yield parseLine(line, at);
  }
}

async function openLines(file: string): Promise<AsyncIterable<string>> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isFile()) return handle.readLines();
    await handle.close();
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  throw new UsageError(`${file} is no file.`);
}

function parseLine(line: string, at: number): StateRecord {
  try {
    return parseStateRecord(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new StateImportError(`Line ${at}: ${error.message}`);
  }
}

async function verify(states: States, campaignId: string): Promise<number> {
  const report = await verifyState(states, campaignId);
  const faults = report.documents === 0 ? ['There is no journal.', ...report.faults] : report.faults;
  print(JSON.stringify({ campaignId, ...report, faults }));
  if (faults.length === 0) {
    tell(`${campaignId} is whole up to version ${report.version}.`);
    return exitCodes.done;
  }
  for (const fault of faults) tell(fault);
  return exitCodes.failed;
}
