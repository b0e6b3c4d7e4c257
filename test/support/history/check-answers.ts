import { type Envelope } from '../../../app/realtime/envelope.ts';
import { selectExpectedState } from './expected-state.ts';
import { type History, type HistoryFault, type HistoryRequest, type HistoryRule } from './history.ts';
import { type IndexedChange, isSame, type JournalIndex } from './journal-index.ts';

const WRITES = new Set(['update', 'feature', 'config', 'batch', 'rollback']);
/** After these nobody knows whether something was written. */
const UNDECIDED = new Set(['TIMEOUT', 'INTERNAL_ERROR']);

/** One sending of a request, and what came back. */
interface Sending {
  readonly client: string;
  readonly connection: number;
  readonly request: HistoryRequest;
  readonly answers: Envelope[];
}

/** All sendings of one event. */
interface Written {
  readonly request: HistoryRequest;
  readonly sendings: Sending[];
  /** The highest version that anybody knew of when it was sent first. */
  readonly knownBefore: number;
}

/** What a failure is made of, as far as the checks look at it. */
interface FailurePayload {
  readonly error?: { readonly type: string };
  readonly currentVersion?: number;
  readonly versions?: readonly { readonly version: number; readonly changeId: string; readonly patch: unknown }[];
}

/** Checks that every request was answered once, and that the answers are true. */
export function checkAnswers(
  { entries }: History,
  journals: ReadonlyMap<string, JournalIndex>,
  faults: HistoryFault[],
): void {
  const fail = (rule: HistoryRule, message: string): void => void faults.push({ rule, message });
  const sendings = new Map<string, Sending>();
  const writes = new Map<string, Written>();
  const known = new Map<string, number>();
  const closed = new Set<string>();

  const learn = (campaignId: unknown, version: unknown): void => {
    if (typeof campaignId === 'string' && typeof version === 'number')
      known.set(campaignId, Math.max(version, known.get(campaignId) ?? 0));
  };

  for (const entry of entries) {
    const { client, connection } = entry;
    if (entry.kind === 'closed') closed.add(`${client} ${connection}`);
    if (entry.kind === 'frame') {
      const { campaignId, version, versions } = entry.frame.payload;
      learn(campaignId, version ?? (versions as { version: number }[] | undefined)?.at(-1)?.version);
      if (entry.frame.causeId !== undefined)
        fail('answer', `${client} got an answer as an event: ${entry.frame.type}.`);
    }
    if (entry.kind === 'request') {
      const { request } = entry;
      const sending = { client, connection, request, answers: [] };
      sendings.set(`${client} ${entry.sending}`, sending);
      if (!isWrite(request)) continue;
      const campaignId = request.payload['campaignId'] as string;
      const key = `${campaignId} ${request.eventId}`;
      const written = writes.get(key) ?? { request, sendings: [], knownBefore: known.get(campaignId) ?? 0 };
      written.sendings.push(sending);
      writes.set(key, written);
    }
    if (entry.kind === 'answer') {
      const sending = sendings.get(`${client} ${entry.sending}`);
      if (sending === undefined) fail('answer', `${client} got an answer to what it did not send.`);
      sending?.answers.push(entry.answer);
      if (entry.answer.type.endsWith(':success'))
        learn(entry.answer.payload['campaignId'], entry.answer.payload['version']);
    }
  }

  for (const sending of sendings.values()) {
    checkForm(sending, closed.has(`${sending.client} ${sending.connection}`), fail);
    for (const answer of sending.answers) checkContent(sending.request, answer, journals, fail);
  }
  for (const written of writes.values()) checkWrite(written, journals, fail);
}

function isWrite({ type }: HistoryRequest): boolean {
  return WRITES.has(type.split(':')[1] ?? '');
}

function checkForm({ client, request, answers }: Sending, isClosed: boolean, fail: Fail): void {
  const name = `${request.type} ${request.eventId} of ${client}`;
  if (answers.length > 1) fail('answer', `${name} was answered ${answers.length} times.`);
  if (answers.length === 0 && !isClosed) fail('answer', `${name} was not answered.`);
  const stem = request.type.slice(0, request.type.lastIndexOf(':'));
  for (const { type, causeId } of answers) {
    if (causeId !== request.eventId) fail('answer', `${name} was answered with the cause ${causeId}.`);
    if (type !== `${stem}:success` && type !== `${stem}:failed`) fail('answer', `${name} was answered with ${type}.`);
  }
}

/** Whether a state that was asked for, and what a mismatch tells, are what the journal has. */
function checkContent(
  { type, payload: asked, eventId }: HistoryRequest,
  answer: Envelope,
  journals: ReadonlyMap<string, JournalIndex>,
  fail: Fail,
): void {
  const journal = journals.get(asked['campaignId'] as string);
  if (journal === undefined) return;
  const { version, changeId, state } = answer.payload;
  if (type.startsWith('campaign:state:') && answer.type.endsWith(':success')) {
    if (journal.change(version as number)?.changeId !== changeId || !isSame(state, journal.state(version as number)))
      fail('content', `${eventId} was answered with a state that version ${String(version)} never had.`);
  }
  const { error, currentVersion, versions } = answer.payload as FailurePayload;
  if (error?.type !== 'VERSION_MISMATCH') return;
  const expected = asked['expectedVersion'] as number;
  if (currentVersion === undefined || currentVersion === expected)
    fail('acknowledged', `${eventId} expected version ${expected}, and ${currentVersion} is said to be another one.`);
  for (const [at, one] of (versions ?? []).entries()) {
    const change = journal.change(expected + 1 + at);
    if (change?.version !== one.version || !isSame(one.patch, JSON.parse(change.patch)))
      fail('content', `${eventId} was told of a version ${one.version} that is not as the journal has it.`);
  }
}

function checkWrite(
  { request, sendings, knownBefore }: Written,
  journals: ReadonlyMap<string, JournalIndex>,
  fail: Fail,
): void {
  const { eventId, payload } = request;
  const journal = journals.get(payload['campaignId'] as string);
  const recorded = journal?.changeOf(eventId);
  const answers = sendings.flatMap(sending => sending.answers);
  const successes = answers.filter(({ type }) => type.endsWith(':success'));
  const failures = answers.flatMap(one => (one.payload as FailurePayload).error?.type ?? []);

  for (const { payload: told } of successes) {
    const { version, changeId } = told;
    if (recorded === undefined) fail('acknowledged', `${eventId} was acknowledged, and the journal does not have it.`);
    else if (recorded.version !== version || recorded.changeId !== changeId)
      fail('acknowledged', `${eventId} was acknowledged as version ${String(version)}, and is ${recorded.version}.`);
  }
  if (new Set(successes.map(one => one.payload['version'])).size > 1)
    fail('repeat', `${eventId} was acknowledged with several versions.`);
  if (successes.filter(one => one.payload['outcome'] === 'committed').length > 1)
    fail('repeat', `${eventId} was committed more than once.`);
  const isOneBody = sendings.every(sending => isSame(sending.request.payload, payload));
  if (isOneBody && failures.includes('IDEMPOTENCY_KEY_REUSED'))
    fail('repeat', `${eventId} was taken for another event of the same name.`);

  const isCertain = sendings.every(sending => sending.answers.length > 0) && successes.length === 0;
  if (isCertain && !failures.some(type => UNDECIDED.has(type)) && recorded !== undefined && isOneBody)
    fail('refused', `${eventId} was refused (${failures.join(', ')}), and the journal has it as ${recorded.version}.`);

  const outcomes = new Set(successes.map(one => one.payload['outcome']));
  const isRepeatAlone = outcomes.has('repeated') && !outcomes.has('committed');
  if (isRepeatAlone && sendings.every(one => one.answers.length > 0) && !failures.some(type => UNDECIDED.has(type)))
    fail('refused', `${eventId} was refused (${failures.join(', ')}), and is said to have been there after all.`);

  if (journal === undefined || recorded === undefined || !isOneBody) return;
  if (recorded.version <= knownBefore)
    fail('order', `${eventId} is version ${recorded.version}, and ${knownBefore} was known before it was sent.`);
  checkEffect(request, recorded, journal, fail);
}

/** Whether a version does what its event asked for. */
function checkEffect(request: HistoryRequest, { version }: IndexedChange, journal: JournalIndex, fail: Fail): void {
  const { eventId, payload } = request;
  const expectedVersion = payload['expectedVersion'] as number | undefined;
  if (expectedVersion !== undefined && version !== expectedVersion + 1)
    fail('acknowledged', `${eventId} expected version ${expectedVersion}, and made ${version}.`);
  const expected = selectExpectedState(request, journal.state(version - 1) ?? {}, one => journal.state(one));
  if (!isSame(expected, journal.state(version)))
    fail('acknowledged', `${eventId} made of version ${version} something else than it asked for.`);
}

type Fail = (rule: HistoryRule, message: string) => void;
