import { ServiceUnavailableError, ValidationError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { type Logger } from '../../../lib/log.ts';
import { type ServerSection, serverSections } from '../../../schemas/campaign-state.ts';
import { systemTimer, type Timer } from '../../datastore/deadline.ts';
import { BEGINNING, type CampaignState, type PositionedState, readState } from '../../datastore/state-fold.ts';
import { type JournalDocument, type StateJournal } from '../../datastore/state-journal.ts';
import { type StateSnapshots } from '../../datastore/state-snapshots.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { type Actor } from '../../policy.ts';
import { SYSTEM } from '../../system-actor.ts';
import { type StateWrite } from './commit-plan.ts';
import { StateVersionNotFoundError } from './errors.ts';
import { type StateChange, type StateListener, type StateSnapshotEvent, toStateChanges } from './events.ts';
import {
  createLiveCampaign,
  type LiveCampaign,
  type StateObserver,
  type SubscribeOptions,
  type Subscription,
} from './live-campaign.ts';
import { createLiveCampaigns } from './live-campaigns.ts';
import { type Acknowledgement } from './pending-writes.ts';
import { hashBody, readOperation, selectOperationPatch, type StateOperation } from './operations.ts';
import { throwIfNotPermitted } from './permissions.ts';
import { isSameContent, selectSectionPatch, type SectionContent } from './server-sections.ts';

/** A request to change a campaign's state. */
export interface StateRequest {
  readonly campaignId: string;
  /** Made by the sender; a repeat of it is answered with the version that it had. */
  readonly eventId: string;
  /** Who asks: the permission follows the keys that the operation touches. */
  readonly actor: Actor | null;
  /** The opaque reference that the journal names the actor by. */
  readonly by: string;
  /** Checked and copied here. */
  readonly operation: StateOperation;
  readonly expectedVersion?: number | undefined;
}

/** What the service itself has to say in a state: a campaign or its markets changed. */
export interface SectionRequest {
  readonly campaignId: string;
  /** The id of the change: it is the event id. */
  readonly changeId: string;
  readonly section: ServerSection;
  /** Has a `version` that grows: content with the same or an older one than the state's is superseded. */
  readonly content: SectionContent;
  readonly cause: string;
}

/** What analytics and health want to know of a campaign that is in memory. */
export interface LiveCampaignInfo {
  readonly version: number;
  readonly lastUpdated: Date;
  readonly subscribers: number;
  readonly pending: number;
  readonly stateBytes: number;
  readonly stateKeys: number;
  readonly activeFeatures: number;
}

export interface CampaignStateOptions {
  /** A snapshot is written every so many versions (200), … */
  readonly snapshotEveryVersions: number;
  /** … with a pause between two of a campaign (1 s), … */
  readonly snapshotPauseMs: number;
  /** … and at the latest so long after a change (30 s). */
  readonly snapshotAfterMs: number;
  /** Campaigns without subscribers leave the memory after this time … */
  readonly idleMs: number;
  /** … or earlier, the longest unused first, when there are more than this … */
  readonly maxCampaigns: number;
  /** … or all together take more memory than this. */
  readonly maxBytes: number;
  /** How long a write may wait for its turn or for the journal. */
  readonly writeTimeoutMs: number;
  /** How far back each poll looks beyond the one before: more than clocks differ and a commit takes. */
  readonly pollOverlapMs: number;
  /** How many campaigns each poll reads to the end of their journal, in turn: clocks may differ by more than that. */
  readonly pollChecks: number;
}

export interface CampaignStateDependencies {
  readonly journal: StateJournal;
  readonly snapshots: StateSnapshots;
  /** Gives the state that a campaign begins with; null when there is no such campaign. */
  readonly readInitialState: (campaignId: string) => Promise<CampaignState | null>;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Told, after each commit of this process, what the journal has now. */
  readonly onCommitted?: (document: JournalDocument) => void;
  readonly observer?: StateObserver;
  readonly options?: Partial<CampaignStateOptions>;
  readonly timer?: Timer;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** The live states of campaigns: one order of versions for all instances, nothing acknowledged that the journal does not have. */
export interface CampaignStateManager {
  /**
   * Changes a state. Resolves once the journal has the version. Throws `ValidationError`, `PayloadTooLargeError`,
   * `UnauthorizedError`, `CampaignNotFoundError`, `StateVersionMismatchError`, `StateVersionNotFoundError` (a rollback),
   * `IdempotencyKeyReusedError`, `ServiceUnavailableError` (nothing was written) and `TimeoutError` (undecided).
   */
  write(request: StateRequest): Promise<Acknowledgement>;
  /** Writes a section of the service's own; null for a campaign that was never live. Throws as `write` does. */
  writeSection(request: SectionRequest): Promise<Acknowledgement | null>;
  /** Which of some campaigns have a state: a change of any other has nowhere to be shown. */
  selectLive(campaignIds: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Subscribes to a campaign's state. The listener is called first with a snapshot, or with what it missed since a
   * cursor, in the same turn in which it joins; then with every batch, once, in order.
   */
  subscribe(campaignId: string, listener: StateListener, options?: SubscribeOptions): Promise<Subscription>;
  /** The state now, or at a version. Throws `StateVersionNotFoundError`. */
  read(campaignId: string, version?: number): Promise<StateSnapshotEvent>;
  /** Who changed what, the latest first: up to `limit` versions before one. Throws `CampaignNotFoundError`. */
  listHistory(
    campaignId: string,
    options: { readonly before?: number; readonly limit: number },
  ): Promise<StateChange[]>;
  /**
   * Takes the news that another instance committed this version, as a part of this document where that is known.
   * `readDocument` gives the document, where the news brought it and it is known to be in the journal.
   */
  onNews(
    campaignId: string,
    version: number,
    changeId?: string,
    readDocument?: () => JournalDocument | undefined,
  ): void;
  /** Asks the journal, in one query, what the campaigns in memory have missed. Throws `ServiceUnavailableError`. */
  poll(): Promise<void>;
  /** Whether the memory and the journal agree on a campaign in memory; mends it where they do not. */
  verify(campaignId: string): Promise<boolean>;
  /** Undefined for a campaign that is not in memory. */
  inspect(campaignId: string): LiveCampaignInfo | undefined;
  /** How many campaigns are in memory, with how many subscribers and waiting writes, in how many bytes. */
  summarize(): { campaigns: number; subscribers: number; pending: number; bytes: number };
  /** Starts what has to happen from time to time: snapshots, eviction, giving up. */
  start(): void;
  /** Takes no more writes and waits for those under way; those that are undecided after `withinMs` (5 s) are given up. */
  stop(withinMs?: number): Promise<void>;
}

const DEFAULTS: CampaignStateOptions = {
  snapshotEveryVersions: 200,
  snapshotPauseMs: 1_000,
  snapshotAfterMs: 30_000,
  idleMs: 600_000,
  maxCampaigns: 1_000,
  maxBytes: 256 * 1024 * 1024,
  writeTimeoutMs: 10_000,
  pollOverlapMs: 5_000,
  pollChecks: 16,
};
const TICK_MS = 1_000;
const EVENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** No sender can call an event so. */
const CREATION = 'state:created';
/** So many documents are read with a campaign, for those who come back to it. */
const LOADED_DOCUMENTS = 8;

/** Makes the manager of live states. */
export function createCampaignStateManager(dependencies: CampaignStateDependencies): CampaignStateManager {
  const { journal, snapshots, clock, log, timer = systemTimer } = dependencies;
  const options = { ...DEFAULTS, ...dependencies.options };
  const stopping = new AbortController();
  let isStopped = false;
  let polledAt: Date | undefined;
  let ticking: NodeJS.Timeout | undefined;
  /** The campaigns whose turn to be checked comes next. */
  let unchecked: LiveCampaign[] = [];

  const load = async (campaignId: string): Promise<LiveCampaign> => {
    const state = (await readState({ journal, snapshots }, campaignId)) ?? (await create(campaignId));
    const [snapshot, documents] = await Promise.all([
      snapshots.findLatest(campaignId, state.version),
      journal.readBefore(campaignId, state.version + 1, LOADED_DOCUMENTS),
    ]);
    const { onCommitted, observer, random = Math.random } = dependencies;
    const snapshotPolicy = {
      everyVersions: options.snapshotEveryVersions,
      pauseMs: options.snapshotPauseMs,
      afterMs: options.snapshotAfterMs,
    };
    const { signal } = stopping;
    void campaigns
      .use(campaignId, synchronise)
      .catch((error: unknown) => log.warn('state.notSynchronised', { campaignId, error }));
    return createLiveCampaign(
      { campaignId, journal, snapshots, clock, timer, log, snapshotPolicy, signal, onCommitted, observer, random },
      { state, snapshotVersion: snapshot?.version ?? 0, documents: documents.reverse() },
    );
  };

  /**
   * Brings the service's own sections up to date. Changes of a campaign without a state are not broadcast: one that was
   * made while the state came into being would be missing in it.
   */
  const synchronise = async (live: LiveCampaign): Promise<void> => {
    const { campaignId } = live;
    const current = await dependencies.readInitialState(campaignId);
    if (current === null || isStopped) return;
    for (const section of serverSections) {
      const content = current[section] as SectionContent | undefined;
      if (content === undefined || isSameContent(live.head.state[section], content)) continue;
      const eventId = `state:synchronised:${section}:${content.version}`;
      const selectPatch = selectSectionPatch(section, content);
      await live.write({ eventId, bodyHash: section, cause: 'synchronised', by: SYSTEM, selectPatch });
    }
  };

  /** Writes the first version of a state: whoever is first decides what it is. */
  const create = async (campaignId: string): Promise<PositionedState> => {
    const initial = await dependencies.readInitialState(campaignId);
    if (initial === null) throw new CampaignNotFoundError();
    const patch = JSON.stringify(initial);
    const at = clock();
    const change = { version: 1, eventId: CREATION, patch, cause: 'created', by: SYSTEM, at, bodyHash: '' };
    await journal.append(
      { _id: createId(), campaignId, from: 1, to: 1, previousId: null, changes: [change] },
      { signal: stopping.signal },
    );
    return (await readState({ journal, snapshots }, campaignId)) ?? BEGINNING;
  };

  const campaigns = createLiveCampaigns({ load, now: () => timer.now(), limits: options });

  const throwIfStopped = (): void => {
    if (isStopped) throw new ServiceUnavailableError('campaign state', { message: 'The service is stopping.' });
  };

  const commit = (campaignId: string, write: StateWrite): Promise<Acknowledgement> =>
    campaigns.use(campaignId, live => live.write(write));

  const readAt = async (campaignId: string, version: number): Promise<PositionedState> => {
    const state = await readState({ journal, snapshots }, campaignId, version);
    if (state === null) throw new StateVersionNotFoundError();
    return state;
  };

  /** Reads some campaigns to the end of their journal, whatever clocks say of when it was written. */
  const checkSome = async (): Promise<void> => {
    if (unchecked.length === 0) unchecked = [...campaigns.all()];
    const turn = unchecked.splice(0, options.pollChecks);
    await Promise.all(turn.map(async ({ campaignId }) => campaigns.find(campaignId)?.readOn()));
  };

  /** Loads a campaign, so that one that there is has a state, and one that there is not is refused as such. */
  const throwIfUnknown = (campaignId: string): Promise<void> => campaigns.use(campaignId, async () => undefined);

  const readTarget = async (campaignId: string, version: number): Promise<PositionedState> => {
    await throwIfUnknown(campaignId);
    return readAt(campaignId, version);
  };

  const tick = (): void => {
    const now = clock();
    for (const live of campaigns.all()) live.tick(now, options.writeTimeoutMs);
    campaigns.evict();
  };

  return {
    async write({ campaignId, eventId, actor, by, operation: given, expectedVersion }) {
      throwIfStopped();
      if (!EVENT_ID.test(eventId)) throw new ValidationError([{ path: '/eventId', message: 'is no event id' }]);
      if (expectedVersion !== undefined && !(Number.isSafeInteger(expectedVersion) && expectedVersion >= 0)) {
        throw new ValidationError([{ path: '/expectedVersion', message: 'must be a version' }]);
      }
      // Before it is looked at any closer: what is too much should cost little.
      campaigns.find(campaignId)?.throwIfFull(eventId);
      const operation = readOperation(given);
      throwIfNotPermitted(actor, campaignId, operation);
      const bodyHash = hashBody(operation, expectedVersion);
      const target = operation.kind === 'rollback' ? await readTarget(campaignId, operation.toVersion) : undefined;
      const selectPatch = selectOperationPatch(operation, target?.state);
      return commit(campaignId, { eventId, bodyHash, cause: operation.kind, by, expectedVersion, selectPatch });
    },
    async writeSection({ campaignId, changeId, section, content, cause }) {
      throwIfStopped();
      if (!campaigns.has(campaignId) && (await journal.readHead(campaignId)) === null) return null;
      const selectPatch = selectSectionPatch(section, content);
      return commit(campaignId, { eventId: changeId, bodyHash: section, cause, by: SYSTEM, selectPatch });
    },
    async selectLive(campaignIds) {
      const known = campaignIds.filter(campaignId => campaigns.has(campaignId));
      const others = campaignIds.filter(campaignId => !campaigns.has(campaignId));
      const existing = others.length === 0 ? [] : await journal.selectExisting(others);
      return new Set([...known, ...existing]);
    },
    async subscribe(campaignId, listener, subscribeOptions) {
      throwIfStopped();
      return campaigns.use(campaignId, live => live.subscribe(listener, subscribeOptions));
    },
    async read(campaignId, version) {
      const now = await campaigns.use(campaignId, async live => live.snapshot());
      if (version === undefined || version === now.version) return now;
      return { kind: 'snapshot', campaignId, ...(await readAt(campaignId, version)) };
    },
    async listHistory(campaignId, { before = Number.MAX_SAFE_INTEGER, limit }) {
      await throwIfUnknown(campaignId);
      const changes: StateChange[] = [];
      for (let until = before; changes.length < limit && until > 1;) {
        const documents = await journal.readBefore(campaignId, until, Math.min(limit - changes.length, 32));
        for (const document of documents) changes.push(...toStateChanges(document).reverse());
        const last = documents.at(-1);
        if (last === undefined) break;
        until = last.from;
      }
      return changes.filter(({ version }) => version < before).slice(0, limit);
    },
    onNews: (campaignId, ...news) => campaigns.find(campaignId)?.onNews(...news),
    async poll() {
      const startedAt = clock();
      const since = new Date((polledAt ?? startedAt).getTime() - options.pollOverlapMs);
      for (const [campaignId, version] of await journal.findNews(since)) campaigns.find(campaignId)?.onNews(version);
      polledAt = startedAt;
      await checkSome();
    },
    async verify(campaignId) {
      const live = campaigns.find(campaignId);
      if (live === undefined) return true;
      const { restarts } = live;
      await live.readOn();
      return live.restarts === restarts;
    },
    inspect(campaignId) {
      const live = campaigns.find(campaignId);
      if (live === undefined) return undefined;
      const { head, subscribers, pending, stateBytes } = live;
      const { features } = head.state;
      return {
        version: head.version,
        lastUpdated: head.at,
        subscribers,
        pending,
        stateBytes,
        stateKeys: Object.keys(head.state).length,
        activeFeatures: Array.isArray(features) ? features.length : 0,
      };
    },
    summarize() {
      const sum = { campaigns: 0, subscribers: 0, pending: 0, bytes: 0 };
      for (const live of campaigns.all()) {
        sum.campaigns += 1;
        sum.subscribers += live.subscribers;
        sum.pending += live.pending;
        sum.bytes += live.bytes;
      }
      return sum;
    },
    start() {
      ticking ??= setInterval(tick, TICK_MS).unref();
    },
    async stop(withinMs = 5_000) {
      isStopped = true;
      clearInterval(ticking);
      const giveUp = setTimeout(() => stopping.abort(), withinMs);
      await campaigns.drain();
      clearTimeout(giveUp);
      stopping.abort();
    },
  };
}
