import {
  IdempotencyKeyReusedError,
  InternalError,
  ServiceError,
  ServiceUnavailableError,
  VersionMismatchError,
} from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { type Logger } from '../../../lib/log.ts';
import { type Timer } from '../../datastore/deadline.ts';
import {
  type CampaignState,
  createGapError,
  createLostError,
  isNext,
  JournalGapError,
  type PositionedState,
  readState,
  throwIfNotNext,
} from '../../datastore/state-fold.ts';
import {
  type JournalDocument,
  type JournalPosition,
  type RecordedEvent,
  type StateJournal,
} from '../../datastore/state-journal.ts';
import { type StateSnapshot, type StateSnapshots } from '../../datastore/state-snapshots.ts';
import { type CommitPlan, planCommit, type StateWrite } from './commit-plan.ts';
import { StateVersionMismatchError } from './errors.ts';
import { createStateBatch, type StateBatch, type StateListener, type StateSnapshotEvent } from './events.ts';
import { createJournalTail } from './journal-tail.ts';
import { measureGrowth, measureJson } from './json-size.ts';
import { createRecentEvents } from './recent-events.ts';
import { type Acknowledgement, createPendingWrites, type PendingWrite } from './pending-writes.ts';
import { createReplayReader } from './replay.ts';
import { createSnapshotKeeper, type SnapshotPolicy } from './snapshot-keeper.ts';
import { createStateDraft } from './state-draft.ts';
import { createTurns } from './turns.ts';

/** A place among the subscribers of a campaign. */
export interface Subscription {
  /** The whole state now: every later event follows it. For a subscriber that has let events go. */
  snapshot(): StateSnapshotEvent;
  /** Nothing arrives after it. */
  unsubscribe(): void;
}

export interface SubscribeOptions {
  /** What the subscriber has seen last; without it, or when the journal does not hold it, it gets a snapshot. */
  readonly since?: JournalPosition | undefined;
  /** Aborts while the journal is read. */
  readonly signal?: AbortSignal | undefined;
}

/** What happens to the journal, for metrics. */
export interface StateObserver {
  /** Versions were appended; `attempts` is more than 1 when other instances came first. */
  onCommitted?(changes: number, durationMs: number, attempts: number): void;
  onRefused?(type: string): void;
  onSnapshot?(bytes: number, durationMs: number): void;
  /** A document of another instance was taken: from its news, or from the journal. */
  onTaken?(from: 'news' | 'journal'): void;
}

export interface LiveCampaignDependencies {
  readonly campaignId: string;
  readonly journal: StateJournal;
  readonly snapshots: StateSnapshots;
  readonly clock: () => Date;
  readonly timer: Timer;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly snapshotPolicy: SnapshotPolicy;
  /** Aborted when undecided writes are to be given up. */
  readonly signal: AbortSignal;
  /** Told after each commit of this process. */
  readonly onCommitted?: ((document: JournalDocument) => void) | undefined;
  readonly observer?: StateObserver | undefined;
  /** 0 to 1. */
  readonly random: () => number;
}

/** The state of one campaign in memory, and the one queue of its writes in this process. */
export interface LiveCampaign {
  readonly campaignId: string;
  readonly head: PositionedState;
  readonly subscribers: number;
  /** How many writes wait or are under way. */
  readonly pending: number;
  /** About how much memory it takes. */
  readonly bytes: number;
  readonly stateBytes: number;
  /** How often it started anew from the database, because history was lost. */
  readonly restarts: number;
  /** Whether nothing would be lost with it. */
  readonly isIdle: boolean;
  /**
   * Commits a write together with others. Throws what `apply` throws, `StateVersionMismatchError`,
   * `IdempotencyKeyReusedError`, `ServiceUnavailableError` (nothing was written) and `TimeoutError` (undecided).
   */
  write(write: StateWrite): Promise<Acknowledgement>;
  /** Throws `ServiceUnavailableError` when so much waits that one more would be late, unless the event is known already. */
  throwIfFull(eventId: string): void;
  /** Joins the subscribers: in one turn the listener gets a snapshot or a replay and is one of them. */
  subscribe(listener: StateListener, options?: SubscribeOptions): Promise<Subscription>;
  /** Reads the journal to its end. */
  readOn(): Promise<void>;
  /**
   * Takes the news that the journal has this version, as a part of this document where that is known. `readDocument` is asked
   * where it is of use, and gives the document if the news brought it and it was in the journal. It must not throw.
   */
  onNews(version: number, changeId?: string, readDocument?: () => JournalDocument | undefined): void;
  snapshot(): StateSnapshotEvent;
  /** Resolves when what goes on beside the queue is done. */
  drain(): Promise<void>;
  /** Writes a snapshot when it is time, and gives up writes that have waited longer than this. */
  tick(now: Date, maxWaitMs: number): void;
}

const READ_LIMIT = 32;
/** Made once: where it came from is no question, and finding that out is what costs most when most is refused. */
const TOO_MANY = new ServiceUnavailableError('campaign state', { message: 'Too many updates of this campaign wait.' });
const MAX_PAUSE_MS = 1000;
/** History is not lost and written anew in less: what was in the journal so short a time ago is built upon as it is. */
const TRUST_MS = 1000;
/** So many positions that were built upon later than that are remembered before the journal is asked for them. */
const MAX_UNPROVEN = 16;
/** So many documents that news brought wait until what is under way has ended; more are read from the journal. */
const MAX_TOLD = 8;
/** Older ones are too: a message that was kept somewhere may be of a history that was lost meanwhile. */
const MAX_TOLD_AGE_MS = 10_000;

/** Brings a campaign to life on the state that was read. `documents` are the last ones before it, in order. */
export function createLiveCampaign(
  deps: LiveCampaignDependencies,
  loaded: {
    readonly state: PositionedState;
    readonly snapshotVersion: number;
    readonly documents: readonly JournalDocument[];
  },
): LiveCampaign {
  const { campaignId, journal, snapshots, clock, timer, log, snapshotPolicy, signal, onCommitted, observer } = deps;
  let head = loaded.state;
  let stateBytes = measureJson(head.state);
  const writes = createPendingWrites({ now: () => timer.now(), onRefused: type => observer?.onRefused?.(type) });
  const keeper = createSnapshotKeeper({
    ...{ campaignId, snapshots: { write: writeSnapshot }, timer, log, policy: snapshotPolicy },
    onSnapshot: (bytes, durationMs) => observer?.onSnapshot?.(bytes, durationMs),
    headVersion: head.version,
    snapshotVersion: loaded.snapshotVersion,
  });
  const recent = createRecentEvents();
  const tail = createJournalTail();
  const turns = createTurns({ timer, random: deps.random });
  const listeners = new Set<StateListener>();
  let wantedVersion = 0;
  let newsCount = 0;
  /** The documents that news brought, in the order in which they came. */
  let told: JournalDocument[] = [];
  /** Whether the journal is looked at because something told of another history. */
  let isDoubted = false;
  let restarts = 0;
  /** When the head, or what it was built upon, was last known to be in the journal. */
  let provenAtMs = timer.now();
  /** The instant of the last look at the end of the journal, or later: what was written before it was seen then. */
  let endSeenAt = clock();
  /**
   * What this process has built upon although it might be lost. No index refuses such a document where the number is
   * free, and what others append then follows it: nothing that is read later would tell.
   */
  let unproven: JournalPosition[] = [];
  let readers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let isWorking = false;
  let failures = 0;
  /** What goes on beside the queue. */
  const beside = new Set<Promise<void>>();
  for (const document of loaded.documents) {
    tail.add(document);
    recent.add(document);
  }

  const snapshot = (): StateSnapshotEvent => ({ kind: 'snapshot', campaignId, ...head });
  const replays = createReplayReader({ campaignId, journal, tail, selectHead: () => head, readOn });

  function deliver(listener: StateListener, event: Parameters<StateListener>[0]): void {
    try {
      listener(event);
    } catch (error) {
      log.error('state.listener.failed', { campaignId, error });
    }
  }

  function publish(event: StateBatch | StateSnapshotEvent): void {
    // Whoever joins meanwhile has it already, whoever leaves gets nothing more.
    for (const listener of [...listeners]) if (listeners.has(listener)) deliver(listener, event);
  }

  function advance(document: JournalDocument, state: CampaignState, bytes: number): void {
    const before = head.state;
    const last = document.changes.at(-1);
    head = { version: document.to, changeId: document._id, state, at: last?.at ?? head.at };
    stateBytes = bytes;
    tail.add(document);
    recent.add(document);
    if (listeners.size > 0) publish(createStateBatch(document, before, state));
  }

  /** A refusal counts only for an event that is not recorded: a repeat of one that is gets its version, whatever became of the state. */
  async function refuse(pending: PendingWrite, error: ServiceError): Promise<void> {
    try {
      const [recorded] = await journal.findByEventIds(campaignId, [pending.eventId]);
      writes.settle(
        pending,
        recorded === undefined ? await describe(error, pending) : repeat(recorded, pending.bodyHash),
      );
    } catch (failure) {
      writes.settle(pending, toError(failure));
    }
  }

  function runBeside(work: Promise<void> | undefined): void {
    if (work === undefined) return;
    beside.add(work);
    void work.then(() => beside.delete(work));
  }

  async function describe(error: ServiceError, { expectedVersion }: PendingWrite): Promise<ServiceError> {
    if (!(error instanceof VersionMismatchError) || expectedVersion === undefined) return error;
    const changes = await replays.selectSinceVersion(expectedVersion);
    const catchUp = changes === null ? snapshot() : ({ kind: 'replay', campaignId, changes } as const);
    // Just as far as what it brings: more may have been committed while it was looked for.
    const currentVersion = catchUp.kind === 'snapshot' ? catchUp.version : catchUp.changes.at(-1)?.version;
    return new StateVersionMismatchError(currentVersion ?? head.version, catchUp);
  }

  async function commit(): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      const startedAt = timer.now();
      await applyTold();
      for (const pending of writes.list()) settleIfRecorded(pending);
      const queue = writes.list();
      if (queue.some(isAhead)) {
        for (const pending of queue) pending.isReadFor = true;
        await readJournal(true);
        continue;
      }
      const plan = planCommit(queue, head, { campaignId, stateBytes, id: createId(), at: clock() });
      const outcome = plan.document === null ? 'stored' : await append(plan, plan.document, attempts);
      if (outcome === 'refused') continue;
      writes.take(plan.taken);
      if (outcome === 'failed') return;
      if (plan.document !== null) acknowledge(plan, plan.document);
      const { version, changeId, at } = head;
      for (const pending of plan.superseded) writes.settle(pending, { version, changeId, at, outcome: 'superseded' });
      for (const { write, error } of plan.refused) runBeside(refuse(write, error));
      // What was told or asked meanwhile comes first: it may be that the others have had their turn already.
      const isAwaited = readers.length > 0 || wantedVersion > head.version;
      if (plan.document !== null && !isAwaited) await turns.yield(timer.now() - startedAt);
      return;
    }
  }

  /**
   * Appends the planned document. `refused`: another one came first, and is applied now. `failed`: whether it is stored
   * remains undecided, or the database will not have it; those who were part of it are told.
   */
  async function append(
    plan: CommitPlan<PendingWrite>,
    document: JournalDocument,
    attempts: number,
  ): Promise<'stored' | 'refused' | 'failed'> {
    const startedAt = timer.now();
    writes.hold(plan.taken);
    try {
      const appended = await journal.append(document, { signal });
      if (appended.isStored) {
        observer?.onCommitted?.(document.changes.length, timer.now() - startedAt, attempts);
        return 'stored';
      }
      for (const event of appended.recorded) settleAs(event);
      if (appended.winner !== null) await applyAll([appended.winner]);
      return 'refused';
    } catch (error) {
      if (error instanceof ServiceUnavailableError) throw error;
      log.error('state.append.failed', { campaignId, error });
      const told = toError(error);
      for (const pending of writes.listHeld()) writes.settle(pending, told);
      return 'failed';
    } finally {
      writes.putBack();
    }
  }

  function acknowledge(plan: CommitPlan<PendingWrite>, document: JournalDocument): void {
    if (timer.now() - provenAtMs >= TRUST_MS) {
      unproven.push({ version: head.version, changeId: head.changeId });
      if (unproven.length >= MAX_UNPROVEN) doubt();
    }
    advance(document, plan.state, plan.stateBytes);
    provenAtMs = timer.now();
    plan.accepted.forEach((pending, at) => {
      const version = document.from + at;
      writes.settle(pending, {
        version,
        changeId: document._id,
        at: document.changes[at]?.at ?? head.at,
        outcome: 'committed',
      });
    });
    onCommitted?.(document);
    runBeside(keeper.onCommitted(head));
  }

  function settleAs(event: RecordedEvent): void {
    const pending = writes.find(event.eventId);
    if (pending === undefined) return;
    try {
      writes.settle(pending, repeat(event, pending.bodyHash));
    } catch (error) {
      writes.settle(pending, toError(error));
    }
  }

  function settleIfRecorded(pending: PendingWrite): void {
    const event = recent.get(pending.eventId);
    if (event !== undefined) settleAs(event);
  }

  /** Whether a write expects a version that those before it in the queue cannot have made. */
  const isAhead = ({ expectedVersion, isReadFor }: PendingWrite, at: number): boolean =>
    !isReadFor && expectedVersion !== undefined && expectedVersion > head.version + at;

  /** Applies the document of another instance that follows. */
  function applyDocument(document: JournalDocument, from: 'news' | 'journal'): void {
    const draft = createStateDraft(head.state);
    let bytes = stateBytes;
    for (const { patch } of document.changes) {
      const difference = JSON.parse(patch) as CampaignState;
      bytes += measureGrowth(draft.state, difference);
      draft.apply(difference);
    }
    advance(document, draft.state, bytes);
    turns.onOthersDocument();
    observer?.onTaken?.(from);
  }

  /** Applies what news brought, as far as it follows and is of late; for the rest the journal is read. */
  async function applyTold(): Promise<void> {
    if (told.length === 0) return;
    if (unproven.length > 0) await throwIfLost().catch(reloadAfterGap);
    const documents = told;
    told = [];
    for (const document of documents) {
      const at = document.changes.at(-1)?.at ?? endSeenAt;
      const ageMs = Math.abs(clock().getTime() - at.getTime());
      if (!isNext(head, document) || at < endSeenAt || ageMs > MAX_TOLD_AGE_MS) continue;
      applyDocument(document, 'news');
      // It was in the journal when it was sent.
      provenAtMs = Math.max(provenAtMs, timer.now() - ageMs);
    }
  }

  async function applyAll(documents: readonly JournalDocument[]): Promise<void> {
    try {
      if (documents.length > 0 && unproven.length > 0) await throwIfLost();
      for (const document of documents) {
        throwIfNotNext(head, document);
        applyDocument(document, 'journal');
        provenAtMs = timer.now();
      }
    } catch (error) {
      await reloadAfterGap(error);
    }
  }

  /** Reads on: as far as news told, or to the very end of the journal. */
  async function readJournal(isToEnd: boolean): Promise<void> {
    let heard: number;
    for (;;) {
      heard = newsCount;
      const documents = await journal.readSince(campaignId, head.version, READ_LIMIT);
      await applyAll(documents);
      if (documents.length === 0 ? await isAtEnd() : !isToEnd && head.version >= wantedVersion) break;
    }
    // News that came meanwhile may be of what was not there yet when the journal was read.
    if (newsCount === heard) wantedVersion = 0;
  }

  /** Whether the journal ends where this process is. Where it ends earlier, or with another change, history was lost. */
  async function isAtEnd(): Promise<boolean> {
    const end = await journal.readHead(campaignId);
    if (end !== null && end.version > head.version) {
      // More was committed meanwhile, unless the document that holds the next version begins before it.
      const [next] = await journal.readSince(campaignId, head.version, 1);
      if (next !== undefined) return false;
    }
    if (end?.version !== head.version || end.changeId !== head.changeId) await reload(undefined);
    else {
      provenAtMs = timer.now();
      endSeenAt = clock();
      await throwIfLost().catch(reloadAfterGap);
    }
    return true;
  }

  /** Throws `JournalGapError` when the journal has something else in the place of what this process has built upon. */
  async function throwIfLost(): Promise<void> {
    const asked = [...unproven];
    for (const position of asked) {
      if (await journal.holds(campaignId, position)) continue;
      const holder = await journal.readAt(campaignId, position.version);
      // What is pruned, or missing alone, has nothing in its place.
      if (holder !== null && holder._id !== position.changeId) throw createLostError(campaignId, position);
    }
    unproven = unproven.filter(position => !asked.includes(position));
  }

  /** A snapshot of a history that is lost would outlast this process. */
  async function writeSnapshot(state: StateSnapshot): Promise<void> {
    try {
      await throwIfLost();
      if (!(await journal.holds(campaignId, state))) throw createLostError(campaignId, state);
    } catch (error) {
      if (error instanceof JournalGapError) doubt();
      throw error;
    }
    await snapshots.write(state);
  }

  /** Reads the journal to its end, which mends what differs from it. */
  function doubt(): void {
    if (isDoubted) return;
    isDoubted = true;
    const settled = (): void => void (isDoubted = false);
    void readOn().then(settled, settled);
  }

  async function reloadAfterGap(error: unknown): Promise<void> {
    if (!(error instanceof JournalGapError)) throw error;
    await reload(error);
  }

  /** Starts anew from what the database has; subscribers get a snapshot. */
  async function reload(error: JournalGapError | undefined): Promise<void> {
    log.warn('state.history.lost', { campaignId, version: head.version, error });
    const state = await readState({ journal, snapshots }, campaignId);
    if (state === null) throw createGapError(campaignId, head, undefined);
    head = state;
    restarts += 1;
    provenAtMs = timer.now();
    endSeenAt = clock();
    unproven = [];
    stateBytes = measureJson(head.state);
    tail.clear();
    recent.clear();
    publish(snapshot());
  }

  async function work(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (writes.size > 0 || readers.length > 0 || wantedVersion > head.version) {
      const reading = readers;
      readers = [];
      try {
        await applyTold();
        if (reading.length > 0 || wantedVersion > head.version) await readJournal(reading.length > 0);
        for (const { resolve } of reading) resolve();
        if (writes.size > 0) await commit();
        failures = 0;
      } catch (error) {
        await recover(error, reading);
      }
    }
    // What is left was read meanwhile.
    told = [];
    isWorking = false;
  }

  /** Nothing is under way, so what waits was not written: it is told so. */
  async function recover(error: unknown, reading: typeof readers): Promise<void> {
    log.warn('state.journal.failed', { campaignId, error });
    for (const { reject } of reading) reject(toError(error));
    writes.refuseAll(toError(error));
    failures += 1;
    if (signal.aborted) wantedVersion = 0;
    else await timer.wait(Math.min(MAX_PAUSE_MS, 20 * 2 ** Math.min(failures, 10)) * (0.5 + deps.random() / 2), signal);
  }

  function wake(): void {
    if (isWorking) return;
    isWorking = true;
    void work();
  }

  function readOn(): Promise<void> {
    return new Promise((resolve, reject) => {
      readers.push({ resolve, reject });
      turns.hurry();
      wake();
    });
  }

  function throwIfFull(eventId: string): void {
    if (!writes.isFull || recent.get(eventId) !== undefined || writes.find(eventId) !== undefined) return;
    observer?.onRefused?.(TOO_MANY.type);
    throw TOO_MANY;
  }

  return {
    campaignId,
    throwIfFull,
    get head() {
      return head;
    },
    get subscribers() {
      return listeners.size;
    },
    get pending() {
      return writes.size;
    },
    get stateBytes() {
      return stateBytes;
    },
    get bytes() {
      // A value in memory takes about three times what its text does.
      return 2048 + 3 * stateBytes + 2 * tail.bytes + 256 * recent.size;
    },
    get restarts() {
      return restarts;
    },
    get isIdle() {
      return listeners.size === 0 && writes.size === 0 && !isWorking && beside.size === 0;
    },
    async write(write) {
      if (signal.aborted) throw new ServiceUnavailableError('campaign state', { message: 'The service is stopping.' });
      const recorded = recent.get(write.eventId);
      if (recorded !== undefined) return repeat(recorded, write.bodyHash);
      const same = writes.find(write.eventId);
      if (same !== undefined) {
        if (same.bodyHash !== write.bodyHash) throw new IdempotencyKeyReusedError();
        return { ...(await same.answer), outcome: 'repeated' };
      }
      throwIfFull(write.eventId);
      const { answer } = writes.add(write);
      wake();
      return answer;
    },
    async subscribe(listener, { since, signal: callerSignal } = {}) {
      const missed = since === undefined ? null : await replays.prepare(since);
      callerSignal?.throwIfAborted();
      // From here to the end nothing else can happen.
      const changes = missed?.complete() ?? null;
      // Each subscription is one of its own, also of the same function.
      const own: StateListener = event => listener(event);
      deliver(own, changes === null ? snapshot() : { kind: 'replay', campaignId, changes });
      listeners.add(own);
      return { snapshot, unsubscribe: () => void listeners.delete(own) };
    },
    readOn,
    onNews(version, changeId, readDocument) {
      if (version > head.version) {
        newsCount += 1;
        wantedVersion = Math.max(wantedVersion, version);
        const document = told.length < MAX_TOLD ? readDocument?.() : undefined;
        if (document !== undefined) told.push(document);
        turns.hurry();
        wake();
      } else if (version === head.version && changeId !== undefined && changeId !== head.changeId) doubt();
    },
    snapshot,
    async drain() {
      while (beside.size > 0) await Promise.all(beside);
    },
    tick(now, maxWaitMs) {
      runBeside(keeper.tick(head, now));
      writes.giveUp(maxWaitMs);
    },
  };
}

/** The answer to a repeat of a recorded event. Throws `IdempotencyKeyReusedError`. */
function repeat({ version, changeId, at, bodyHash }: RecordedEvent, givenHash: string): Acknowledgement {
  if (bodyHash !== givenHash) throw new IdempotencyKeyReusedError();
  return { version, changeId, at, outcome: 'repeated' };
}

function toError(error: unknown): Error {
  return error instanceof ServiceError ? error : new InternalError(error);
}
