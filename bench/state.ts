import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  createStateJournal,
  type JournalDocument,
  spec as journalSpec,
  type StateJournal,
} from '../app/datastore/state-journal.ts';
import {
  createStateSnapshots,
  type SnapshotDocument,
  spec as snapshotsSpec,
} from '../app/datastore/state-snapshots.ts';
import { type StateSnapshots } from '../app/datastore/state-snapshots.ts';
import { openEmbeddedStore } from '../app/datastore/store/embedded/embedded-store.ts';
import { openMongodbStore } from '../app/datastore/store/mongodb/mongodb-store.ts';
import { type Store } from '../app/datastore/store/collection.ts';
import { createCampaignStateManager } from '../app/realtime/state/campaign-state-manager.ts';
import { createMemoryJournal } from '../app/realtime/state/memory-journal.ts';
import { systemActor } from '../app/system-actor.ts';
import { createId } from '../lib/ids.ts';

/*
 * What an acknowledged update of a live state costs in process, below the channel: `node --import tsx bench/state.ts`.
 * Each update replaces one of a hundred members and carries its time, as dashboards' updates do; 100 subscribers listen.
 * On the embedded store, or on the database that MONGODB_URI names.
 */

const SECONDS = 4;
const ROUNDS = 3;
const SUBSCRIBERS = 100;

interface Load {
  readonly name: string;
  readonly campaigns: number;
  readonly inFlight: number;
  /** How many members a state has besides. */
  readonly members: number;
  readonly isJournaled: boolean;
}

const LOADS: readonly Load[] = [
  { name: 'one in flight', campaigns: 1, inFlight: 1, members: 100, isJournaled: true },
  { name: '8 × 16 in flight', campaigns: 1, inFlight: 128, members: 100, isJournaled: true },
  { name: '8 × 16 in flight, 64 campaigns', campaigns: 64, inFlight: 128, members: 100, isJournaled: true },
  { name: '8 × 16 in flight, a state of 2,000 members', campaigns: 1, inFlight: 128, members: 2000, isJournaled: true },
  { name: '8 × 16 in flight, memory only', campaigns: 1, inFlight: 128, members: 100, isJournaled: false },
];

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Microseconds of processor time for an update, of all threads. */
  readonly cpuUs: number;
  /** Updates in a document of the journal. */
  readonly perCommit: number;
}

async function openStore(): Promise<{ store: Store; close: () => Promise<void> }> {
  const { MONGODB_URI: uri } = process.env;
  if (uri !== undefined) {
    const timeouts = { serverSelectionTimeoutMs: 3000, socketTimeoutMs: 8000, maxTimeMs: 5000, maxPoolSize: 20 };
    const store = await openMongodbStore({ uri, database: `bench_state_${Date.now()}`, ...timeouts });
    return { store, close: () => store.close() };
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'bench-state-'));
  const store = await openEmbeddedStore({ directory });
  const close = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { store, close };
}

async function openJournal(store: Store): Promise<{ journal: StateJournal; snapshots: StateSnapshots }> {
  for (const spec of [journalSpec, snapshotsSpec]) await store.collection(spec).createIndexes();
  return {
    journal: createStateJournal({ collection: store.collection<JournalDocument>(journalSpec) }),
    snapshots: createStateSnapshots({ collection: store.collection<SnapshotDocument>(snapshotsSpec) }),
  };
}

async function measure(load: Load): Promise<Figures> {
  const opened = load.isJournaled ? await openStore() : undefined;
  const memory = createMemoryJournal();
  const places = opened === undefined ? { journal: memory, snapshots: memory } : await openJournal(opened.store);
  let commits = 0;
  let received = 0;
  const members = Object.fromEntries(
    Array.from({ length: load.members }, (_none, at) => [`member${at}`, { value: at }]),
  );
  const manager = createCampaignStateManager({
    ...places,
    readInitialState: async () => members,
    clock: () => new Date(),
    log: console,
    observer: { onCommitted: () => void (commits += 1) },
  });
  const ids = Array.from({ length: load.campaigns }, () => createId());
  for (let at = 0; at < Math.max(SUBSCRIBERS, load.campaigns); at++) {
    await manager.subscribe(ids[at % ids.length] ?? '', event => {
      if (event.kind === 'batch') received += event.changes.length;
    });
  }
  manager.start();

  const waits: number[] = [];
  let isOver = false;
  const publish = async (publisher: number): Promise<void> => {
    for (let at = publisher; !isOver; at += 1) {
      const startedAt = performance.now();
      await manager.write({
        campaignId: ids[at % ids.length] ?? '',
        eventId: randomUUID(),
        actor: systemActor,
        by: 'bench',
        operation: { kind: 'update', updates: { [`member${at % 100}`]: { value: at, at: startedAt } } },
      });
      waits.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const publishing = Promise.all(Array.from({ length: load.inFlight }, (_none, at) => publish(at)));
  await new Promise(resolve => setTimeout(resolve, SECONDS * 1000));
  isOver = true;
  await publishing;
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await manager.stop();
  await opened?.close();
  if (received === 0) throw new Error('No subscriber got anything.');
  waits.sort((one, other) => one - other);
  return {
    perSecond: waits.length / seconds,
    p50Ms: waits[Math.floor(waits.length * 0.5)] ?? 0,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    cpuUs: (user + system) / waits.length,
    perCommit: waits.length / commits,
  };
}

console.log('| load | updates/s | ack p50, ms | ack p99, ms | CPU per update, µs | updates per commit |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const load of LOADS) {
  let best: Figures | undefined;
  // Other load only ever slows.
  for (let round = 0; round < ROUNDS; round++) {
    const figures = await measure(load);
    if (best === undefined || figures.perSecond > best.perSecond) best = figures;
  }
  if (best === undefined) continue;
  const { perSecond, p50Ms, p99Ms, cpuUs, perCommit } = best;
  const cells = [
    load.name,
    perSecond.toFixed(0),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    cpuUs.toFixed(0),
    perCommit.toFixed(0),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
