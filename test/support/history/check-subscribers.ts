import { type CampaignState } from '../../../app/datastore/state-fold.ts';
import { type Envelope } from '../../../app/realtime/envelope.ts';
import { type History, type HistoryEntry, type HistoryFault, type HistoryRule } from './history.ts';
import { isSame, type JournalIndex } from './journal-index.ts';

const STATE = 'campaign:state:v1:success';

/** A version as a subscriber gets it. */
interface SeenChange {
  readonly version: number;
  readonly changeId: string;
  readonly patch: unknown;
  readonly by: string;
  readonly cause: string;
}

/** What a subscriber of a campaign is sent. */
interface StatePayload extends SeenChange {
  readonly campaignId: string;
  readonly fromVersion?: number;
  readonly versions?: readonly SeenChange[];
  readonly state?: CampaignState;
}

interface SubscribePayload {
  readonly campaignId: string;
  readonly mode?: 'patch' | 'full';
  readonly since?: { readonly version: number; readonly changeId: string };
}

/** A campaign on one connection. */
interface Position {
  /** Whether a subscription was acknowledged and not ended. */
  isLive: boolean;
  /** What was seen last of it. */
  last: number | undefined;
  /** Subscriptions that are asked for and not answered, by sending. */
  readonly asked: Map<number, SubscribePayload & { isBegun: boolean }>;
}

/** Checks that each subscriber saw what it asked for, as the journal has it, once, in order, to the end. */
export function checkSubscribers(
  { entries, clients }: History,
  journals: ReadonlyMap<string, JournalIndex>,
  faults: HistoryFault[],
): void {
  const positions = new Map<string, Position>();
  const reached = new Map<string, number>();
  const requests = new Map<string, { readonly action: string; readonly payload: SubscribePayload }>();

  const select = ({ client, connection }: HistoryEntry, campaignId: string): Position => {
    const key = `${client} ${connection} ${campaignId}`;
    const position = positions.get(key) ?? { isLive: false, last: undefined, asked: new Map() };
    positions.set(key, position);
    return position;
  };

  for (const entry of entries) {
    const { client } = entry;
    if (entry.kind === 'request') {
      const { request, sending } = entry;
      const action = request.type.split(':')[1] ?? '';
      const payload = request.payload as unknown as SubscribePayload;
      requests.set(`${client} ${sending}`, { action, payload });
      if (action === 'subscribe') select(entry, payload.campaignId).asked.set(sending, { ...payload, isBegun: false });
    }
    if (entry.kind === 'answer') {
      const asked = requests.get(`${client} ${entry.sending}`);
      if (asked === undefined) continue;
      const position = select(entry, asked.payload.campaignId);
      const fail = createFail(faults, client, asked.payload.campaignId);
      if (asked.action === 'subscribe') takeSubscribed(position, entry.sending, entry.answer, fail);
      if (asked.action === 'unsubscribe' && entry.answer.type.endsWith(':success'))
        Object.assign(position, { isLive: false, last: undefined });
    }
    if (entry.kind === 'frame' && entry.frame.type === STATE) {
      const payload = entry.frame.payload as unknown as StatePayload;
      const fail = createFail(faults, client, payload.campaignId);
      const position = select(entry, payload.campaignId);
      if (clients[client]?.readable.includes(payload.campaignId) !== true)
        fail('secret', 'it may not read the campaign.');
      takeFrame(position, payload, fail);
      checkContent(payload, journals.get(payload.campaignId), fail);
      if (position.last !== undefined) reached.set(`${client} ${payload.campaignId}`, position.last);
    }
  }

  for (const [client, { follows }] of Object.entries(clients)) {
    for (const campaignId of follows) {
      const last = journals.get(campaignId)?.lastVersion;
      const seen = reached.get(`${client} ${campaignId}`);
      if (seen !== last)
        createFail(faults, client, campaignId)('complete', `it saw ${seen} last, and there is ${last}.`);
    }
  }
}

type Fail = (rule: HistoryRule, message: string) => void;

function createFail(faults: HistoryFault[], client: string, campaignId: string): Fail {
  return (rule, message) => void faults.push({ rule, message: `${client} on ${campaignId}: ${message}` });
}

function takeSubscribed(position: Position, sending: number, { type, payload }: Envelope, fail: Fail): void {
  const asked = position.asked.get(sending);
  position.asked.delete(sending);
  if (asked === undefined || !type.endsWith(':success')) return;
  position.isLive = true;
  const { version, isSnapshot } = payload as { version: number; isSnapshot: boolean };
  if (asked.isBegun) return;
  // Nothing came before the answer: then there was nothing to tell.
  if (isSnapshot || asked.since?.version !== version)
    fail('sequence', `its subscription begins at version ${version}, and it was sent nothing.`);
  position.last = version;
}

function takeFrame(position: Position, payload: StatePayload, fail: Fail): void {
  const { isLive, last, asked } = position;
  const beginnings = [...asked.values()].filter(({ isBegun }) => !isBegun);
  if (!isLive && asked.size === 0) fail('unasked', 'it was sent a version without a subscription.');
  const known = [...(last === undefined ? [] : [last]), ...beginnings.flatMap(({ since }) => since?.version ?? [])];
  const begin = (isBeginning: (one: SubscribePayload) => boolean): void => {
    const begun = beginnings.find(isBeginning);
    if (begun !== undefined) begun.isBegun = true;
  };

  if (payload.state !== undefined) {
    const { version } = payload;
    const floor = Math.max(0, ...known);
    // A whole state stands for what was left out; a subscription may begin with the one that is known already.
    if (version < floor || (version === floor && beginnings.length === 0))
      fail('sequence', `the state of version ${version} came after version ${floor}.`);
    position.last = version;
    begin(() => true);
    return;
  }
  const versions = (payload.versions ?? [payload]).map(({ version }) => version);
  const [first = 0] = versions;
  if (payload.versions !== undefined && payload.fromVersion !== first)
    fail('sequence', `versions from ${first} were sent as versions from ${payload.fromVersion}.`);
  if (!known.includes(first - 1)) fail('sequence', `version ${first} came after version ${last ?? 'nothing'}.`);
  for (const [at, version] of versions.entries())
    if (version !== first + at) fail('sequence', `version ${version} came after version ${versions[at - 1]}.`);
  if (last !== first - 1) begin(({ since }) => since?.version === first - 1);
  position.last = versions.at(-1);
}

function checkContent(payload: StatePayload, journal: JournalIndex | undefined, fail: Fail): void {
  if (journal === undefined) return;
  if (payload.state !== undefined) {
    const { version, changeId, state } = payload;
    if (journal.change(version)?.changeId !== changeId) fail('content', `version ${version} is another change.`);
    else if (!isSame(state, journal.state(version))) fail('content', `the state of version ${version} is another one.`);
    return;
  }
  for (const seen of payload.versions ?? [payload]) {
    const change = journal.change(seen.version);
    if (change === undefined) fail('content', `the journal has no version ${seen.version}.`);
    else if (change.changeId !== seen.changeId || change.cause !== seen.cause || change.by !== seen.by)
      fail('content', `version ${seen.version} is another change.`);
    else if (JSON.stringify(seen.patch) !== change.patch && !isSame(seen.patch, JSON.parse(change.patch)))
      fail('content', `the patch of version ${seen.version} is another one.`);
  }
}
