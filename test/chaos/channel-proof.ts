import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JournalDocument, type StateJournal } from '../../app/datastore/state-journal.ts';
import { verifyState } from '../../app/datastore/state-transfer.ts';
import { checkHistory } from '../support/history/check-history.ts';
import { type History, type HistoryFault } from '../support/history/history.ts';
import { type openStateJournal } from '../support/state-journal.ts';
import { type ChannelLoad, selectSecret } from './channel-load.ts';

type Journals = Awaited<ReturnType<typeof openStateJournal>>;

/** What a run showed. */
export interface ChannelProof {
  /** Broken promises; none, if all is well. */
  readonly faults: readonly HistoryFault[];
  /** What is wrong with the journals and their snapshots. */
  readonly journalFaults: readonly string[];
  /** Failures that nobody expects of a service whose neighbours break, as clients were told them … */
  readonly surprises: readonly string[];
  /** … and what it logged as errors. */
  readonly complaints: readonly string[];
  readonly acknowledged: number;
  readonly versions: number;
  readonly frames: number;
  readonly connections: number;
  readonly resent: number;
  /** Where all of it was written to when something was wrong. */
  readonly file: string | undefined;
}

/** Holds what the clients of a load that is settled have noted against the journals. */
export async function proveChannel(
  load: ChannelLoad,
  { journal, snapshots }: Journals,
  campaignIds: readonly string[],
  complaints: readonly string[],
): Promise<ChannelProof> {
  const campaigns = [];
  const journalFaults: string[] = [];
  for (const campaignId of campaignIds) {
    const documents = await readJournal(journal, campaignId);
    campaigns.push({ campaignId, documents, secret: selectSecret(campaignId) });
    journalFaults.push(...(await verifyState({ journal, snapshots }, campaignId)).faults);
  }
  const history: History = { entries: load.recorder.entries, clients: load.clients, campaigns };
  const faults = checkHistory(history);
  return {
    faults,
    journalFaults,
    surprises: load.surprises.map(answer => JSON.stringify(answer)),
    complaints,
    acknowledged: load.acknowledged,
    versions: campaigns.reduce((sum, { documents }) => sum + (documents.at(-1)?.to ?? 0), 0),
    frames: history.entries.filter(({ kind }) => kind === 'frame').length,
    connections: load.drivers.reduce((sum, { connections }) => sum + connections, 0),
    resent: load.drivers.reduce((sum, { resent }) => sum + resent, 0),
    file: faults.length === 0 ? undefined : await write(history, faults),
  };
}

async function readJournal(journal: StateJournal, campaignId: string): Promise<JournalDocument[]> {
  const documents: JournalDocument[] = [];
  for (let version = 0; ;) {
    const found = await journal.readSince(campaignId, version);
    const last = found.at(-1);
    if (last === undefined) return documents;
    documents.push(...found);
    version = last.to;
  }
}

async function write({ entries, campaigns }: History, faults: readonly HistoryFault[]): Promise<string> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'channel-history-')), 'history.ndjson');
  const documents = campaigns.flatMap(campaign => campaign.documents);
  const lines = [...faults, ...documents, ...entries].map(line => JSON.stringify(line));
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Throws what a run has shown to be wrong, and where all of it is written down. */
export function throwIfBroken({ faults, journalFaults, surprises, complaints, file }: ChannelProof): void {
  const all = [
    ...faults.map(({ rule, message }) => `${rule}: ${message}`),
    ...journalFaults,
    ...surprises,
    ...complaints,
  ];
  if (all.length === 0) return;
  const more = all.length > 20 ? `\n… and ${all.length - 20} more` : '';
  throw new Error(`${all.slice(0, 20).join('\n')}${more}${file === undefined ? '' : `\nAll of it is in ${file}.`}`);
}
