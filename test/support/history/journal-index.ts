import { type CampaignState } from '../../../app/datastore/state-fold.ts';
import { type JournalChange } from '../../../app/datastore/state-journal.ts';
import { merge } from './expected-state.ts';
import { type HistoryCampaign, type HistoryFault } from './history.ts';

/** A version as the journal has it. */
export interface IndexedChange extends JournalChange {
  readonly changeId: string;
}

/** The journal of a campaign, to be looked things up in. */
export interface JournalIndex {
  readonly campaign: HistoryCampaign;
  readonly lastVersion: number;
  /** The change that made a version. */
  change(version: number): IndexedChange | undefined;
  changeOf(eventId: string): IndexedChange | undefined;
  /** The state after a version. */
  state(version: number): CampaignState | undefined;
}

/** Reads a journal, and tells what is wrong with it. */
export function indexJournal(campaign: HistoryCampaign, faults: HistoryFault[]): JournalIndex {
  const { campaignId, documents, shown = [] } = campaign;
  const changes = new Map<number, IndexedChange>();
  const events = new Map<string, IndexedChange>();
  const states: CampaignState[] = [{}];
  const fail = (message: string): void => void faults.push({ rule: 'journal', message: `${campaignId}: ${message}` });
  let last = 0;
  let lastId: string | null = null;
  for (const document of documents) {
    const { _id: changeId, from, to, previousId } = document;
    if (from !== last + 1) fail(`version ${from} follows version ${last}.`);
    else if (previousId !== undefined && previousId !== lastId)
      fail(`${changeId}, from version ${from}, was built upon ${previousId}, and follows ${lastId}.`);
    if (document.changes.length !== to - from + 1) fail(`the document from ${from} to ${to} is not whole.`);
    for (const [at, change] of document.changes.entries()) {
      if (change.version !== from + at) fail(`version ${change.version} is in the place of ${from + at}.`);
      if (events.has(change.eventId)) fail(`the event ${change.eventId} is recorded twice.`);
      const indexed = { ...change, changeId };
      changes.set(change.version, indexed);
      events.set(change.eventId, indexed);
      states[change.version] = merge(states[change.version - 1] ?? {}, JSON.parse(change.patch));
    }
    last = to;
    lastId = changeId;
  }
  for (const { version, state } of shown) {
    if (version !== last) fail(`an instance shows version ${version}, the last one is ${last}.`);
    else if (!isSame(state, states[version])) fail(`an instance shows another state of version ${version}.`);
  }
  return {
    campaign,
    lastVersion: last,
    change: version => changes.get(version),
    changeOf: eventId => events.get(eventId),
    state: version => states[version],
  };
}

/** Whether two values are the same JSON. */
export function isSame(a: unknown, b: unknown): boolean {
  return encode(a) === encode(b);
}

function encode(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .map(([key, member]) => `${JSON.stringify(key)}:${encode(member)}`)
    .sort()
    .join(',')}}`;
}
