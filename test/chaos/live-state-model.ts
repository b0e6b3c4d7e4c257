import { createStateJournal, type JournalDocument, spec as journalSpec } from '../../app/datastore/state-journal.ts';
import {
  createStateSnapshots,
  type SnapshotDocument,
  spec as snapshotsSpec,
} from '../../app/datastore/state-snapshots.ts';
import { type CollectionSpec, type StoredDocument } from '../../app/datastore/store/collection.ts';
import {
  type CampaignStateManager,
  createCampaignStateManager,
} from '../../app/realtime/state/campaign-state-manager.ts';
import { type Subscription } from '../../app/realtime/state/live-campaign.ts';
import { type Acknowledgement } from '../../app/realtime/state/pending-writes.ts';
import { type StateOperation } from '../../app/realtime/state/operations.ts';
import { systemActor } from '../../app/system-actor.ts';
import { createMemoryCollection } from '../support/memory-collection.ts';
import { createStateView, type StateView } from '../support/state-view.ts';
import { FaultyWorld, type Decision, type Replicated, type WorldProcess } from './faulty-world.ts';

export const CAMPAIGN = 'c'.repeat(24);
const INSTANCES = 3;
const HOUR_MS = 3_600_000;
export const SUBSCRIBERS = 4;

/** One thing that somebody does. */
export interface Action {
  readonly kind:
    'write' | 'section' | 'subscribe' | 'dropEvents' | 'catchUp' | 'news' | 'clock' | 'poll' | 'verify' | 'tick';
  readonly instance: number;
  readonly subscriber: number;
  readonly operation: StateOperation;
  /** Which event it is, when it is one of a few that are sent again and again; else one of its own. */
  readonly repeated: number | null;
  /** Whether it expects the version that its instance shows. */
  readonly isChecked: boolean;
  readonly documentVersion: number;
}

/** What the sender of an event was told. Those whose instance died were told nothing. */
export interface Outcome {
  readonly eventId: string;
  readonly expectedVersion?: number | undefined;
  readonly acknowledgement?: Acknowledgement | null;
  readonly error?: unknown;
}

interface Process extends WorldProcess {
  readonly manager: CampaignStateManager;
  /** How far its clock is off. */
  offsetMs: number;
}

interface News {
  readonly version: number;
  readonly changeId?: string;
  readonly document?: JournalDocument;
}

/** A client that goes from instance to instance, and remembers what it has seen. */
interface Client {
  view: StateView;
  readonly past: StateView[];
  process: Process | undefined;
  subscription: Subscription | undefined;
  /** Lets events go, as a connection that is full does. */
  isDeaf: boolean;
}

/** Several instances over one store, their clients, and what these were told. */
export class LiveStateModel {
  readonly world: FaultyWorld;
  readonly outcomes: Outcome[] = [];
  /** What the instances had to say. */
  readonly said = new Set<string>();
  /** Where instances had the documents of others from. */
  readonly taken = new Set<string>();
  readonly journal = createReplicated<JournalDocument>(journalSpec);
  readonly snapshots = createReplicated<SnapshotDocument>(snapshotsSpec);
  readonly clients: Client[];
  readonly #processes: Process[] = [];
  /** What was committed by any instance, in the order in which they knew of it. */
  readonly #told: JournalDocument[] = [];

  constructor(schedule: readonly Decision[]) {
    this.world = new FaultyWorld(schedule);
    this.clients = Array.from({ length: SUBSCRIBERS }, () => ({
      view: createStateView(),
      past: [],
      process: undefined,
      subscription: undefined,
      isDeaf: false,
    }));
  }

  /** The living instance of a slot; a dead one is replaced, as an orchestrator does. */
  process(slot: number): Process {
    const current = this.#processes[slot % INSTANCES];
    if (current !== undefined && !current.dead) return current;
    return (this.#processes[slot % INSTANCES] = this.#createProcess());
  }

  #createProcess(): Process {
    const { world } = this;
    const life = { dead: false, offsetMs: 0 };
    const timer = world.timerOf(life);
    const manager = createCampaignStateManager({
      journal: createStateJournal({ collection: world.collectionOf(life, this.journal), timer }),
      snapshots: createStateSnapshots({ collection: world.collectionOf(life, this.snapshots) }),
      readInitialState: async () => ({ made: world.nowMs }),
      clock: () => new Date(world.clock().getTime() + life.offsetMs),
      log: { warn: message => this.said.add(message), error: message => this.said.add(message) },
      options: { snapshotEveryVersions: 4, snapshotPauseMs: 0, maxCampaigns: 1 },
      timer,
      random: () => 0.5,
      onCommitted: document => this.#tell(document),
      observer: { onTaken: from => this.taken.add(from) },
    });
    return Object.assign(life, { manager });
  }

  /** Most news come, each whenever the schedule says; some come twice, some never. */
  #tell(document: JournalDocument): void {
    this.#told.push(document);
    for (let slot = 0; slot < INSTANCES; slot++) {
      const times = (this.#told.length + slot) % 4;
      for (let time = 0; time < Math.min(2, times); time++) {
        this.world.plan(() => {
          const process = this.#processes[slot];
          process?.manager.onNews(CAMPAIGN, document.to, document._id, () => document);
        });
      }
    }
  }

  async act(name: string, action: Action): Promise<void> {
    const process = this.process(action.instance);
    const client = this.clients[action.subscriber % SUBSCRIBERS];
    if (client === undefined) return;
    switch (action.kind) {
      case 'write':
      case 'section':
        return this.#write(name, action, process);
      case 'subscribe':
        return this.subscribe(client, process);
      case 'dropEvents':
        client.isDeaf = true;
        return;
      case 'catchUp':
        return hearAgain(client);
      case 'news': {
        for (const { version, changeId, document } of this.#select(action)) {
          process.manager.onNews(CAMPAIGN, version, changeId, () => document);
        }
        return;
      }
      case 'clock':
        process.offsetMs += (action.documentVersion - 2) * HOUR_MS;
        return;
      case 'poll':
        return process.manager.poll().catch(() => undefined);
      case 'verify':
        await process.manager.verify(CAMPAIGN).catch(() => undefined);
        return;
      case 'tick':
        // Another campaign takes its place in memory, unless somebody needs it.
        await process.manager.read('d'.repeat(24)).catch(() => undefined);
    }
  }

  /**
   * News as they come: of what another instance has now, of what is long known, or of what cannot be read yet; and with
   * the documents, of late or of long ago, twice, with one missing, and in another order.
   */
  #select({ instance, documentVersion, subscriber, repeated }: Action): readonly News[] {
    const head = this.process(instance + 1).manager.inspect(CAMPAIGN)?.version ?? 0;
    if (subscriber === 0) return [{ version: documentVersion }];
    if (subscriber === 1) return [{ version: head + documentVersion, changeId: 'e'.repeat(24) }];
    if (subscriber === 2) return [{ version: head }];
    const documents = this.#told.slice(-1 - documentVersion);
    if (repeated !== null) documents.splice(repeated, 1);
    if (instance === 0) documents.reverse();
    return documents.map(document => ({ version: document.to, changeId: document._id, document }));
  }

  async #write(name: string, action: Action, { manager }: Process): Promise<void> {
    const { kind, repeated, isChecked, documentVersion } = action;
    const isRepeated = repeated !== null && kind === 'write';
    const eventId = isRepeated ? `repeated-${repeated}` : name;
    // A repeat mostly is one, and sometimes something else under the same name.
    const operation: StateOperation =
      isRepeated && documentVersion > 1 ? { kind: 'update', updates: { a: repeated } } : action.operation;
    const isExpecting = isChecked && kind === 'write' && !isRepeated;
    const expectedVersion = isExpecting ? manager.inspect(CAMPAIGN)?.version : undefined;
    const outcome = { eventId, expectedVersion };
    try {
      const content = { version: documentVersion };
      const acknowledgement =
        kind === 'section'
          ? await manager.writeSection({
              campaignId: CAMPAIGN,
              changeId: eventId,
              section: 'campaign',
              content,
              cause: kind,
            })
          : await manager.write({
              campaignId: CAMPAIGN,
              eventId,
              actor: systemActor,
              by: name,
              operation,
              expectedVersion,
            });
      this.outcomes.push({ ...outcome, acknowledgement });
    } catch (error) {
      this.outcomes.push({ ...outcome, error });
    }
  }

  /** A client leaves where it is and comes back elsewhere, with its cursor. */
  async subscribe(client: Client, process: Process): Promise<void> {
    client.subscription?.unsubscribe();
    if (client.view.events.length > 0) client.past.push(client.view);
    const isNew = client.view.version === 0;
    const view = createStateView(client.view);
    Object.assign(client, { view, process, subscription: undefined, isDeaf: false });
    const { version, changeId } = view;
    const listener: StateView['listener'] = event => {
      if (!client.isDeaf) view.listener(event);
    };
    const options = isNew ? {} : { since: { version, changeId } };
    const subscription = await process.manager.subscribe(CAMPAIGN, listener, options).catch(() => undefined);
    if (client.view === view) client.subscription = subscription;
    else subscription?.unsubscribe();
  }

  /** The faults end, everybody hears, connects and asks again. */
  async recover(): Promise<void> {
    this.world.endFaults();
    await this.world.run();
    for (const [at, client] of this.clients.entries()) {
      const isLost = client.subscription === undefined || client.process?.dead !== false;
      if (isLost) void this.subscribe(client, this.process(at));
      else hearAgain(client);
    }
    await this.world.run();
    for (let slot = 0; slot < INSTANCES; slot++) {
      const { manager } = this.process(slot);
      void manager.read(CAMPAIGN).then(() => manager.verify(CAMPAIGN));
    }
    await this.world.run();
  }
}

/** A connection drains: its client gets a snapshot for what it has missed. */
function hearAgain(client: Client): void {
  if (!client.isDeaf || client.subscription === undefined || client.process?.dead !== false) return;
  client.isDeaf = false;
  client.view.listener(client.subscription.snapshot());
}

function createReplicated<T extends StoredDocument>(spec: CollectionSpec): Replicated<T> {
  return { primary: createMemoryCollection<T>(spec), majority: createMemoryCollection<T>(spec) };
}

/** Plays rounds of actions, those of a round all under way at once, in the order and with the faults of the schedule. */
export async function play(
  rounds: readonly (readonly Action[])[],
  schedule: readonly Decision[],
): Promise<LiveStateModel> {
  const model = new LiveStateModel(schedule);
  for (const [round, actions] of rounds.entries()) {
    actions.forEach((action, at) => model.world.plan(() => void model.act(`event-${round}-${at}`, action)));
    await model.world.run();
  }
  await model.recover();
  return model;
}
