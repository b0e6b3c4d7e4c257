import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type JournalChange } from '../../app/datastore/state-journal.ts';
import { verifyState } from '../../app/datastore/state-transfer.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { createId } from '../../lib/ids.ts';
import { openStateJournal } from '../support/state-journal.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const ROUNDS = 3;
/** How much is acknowledged between two kills. */
const WRITES = 200;

/** An instance that writes, and what it has acknowledged. */
interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: Map<string, number>;
  readonly errors: string[];
  kill(): Promise<void>;
}

describeStores('instances that are killed while they write to a live state', target => {
  let directory: string;
  let opened: OpenStore | undefined;
  let place: string[];
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'kill-live-state-'));
    opened = target.kind === 'mongodb' ? await target.open() : undefined;
    const [host = '', database = ''] = opened?.store.location.split('/') ?? [];
    const { MONGODB_TEST_URI: named = '' } = process.env;
    const uri = named.includes(host) ? named : `mongodb://${host}/?directConnection=true`;
    place = opened === undefined ? [directory] : [uri, database];
  });
  afterAll(async () => {
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (campaignId: string): Writer => {
    const args = ['--import', 'tsx', 'test/support/state-writer.ts', campaignId, ...place];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    const killWithTests = (): boolean => child.kill('SIGKILL');
    process.once('exit', killWithTests);
    const closed = once(child, 'close').then(() => process.off('exit', killWithTests));
    const acknowledged = new Map<string, number>();
    const errors: string[] = [];
    createInterface(child.stdout).on('line', line => {
      // The last line may be half of one.
      const [, eventId, version] = /^([0-9a-f-]{36}) (\d+)$/.exec(line) ?? [];
      if (eventId !== undefined) acknowledged.set(eventId, Number(version));
    });
    child.stderr.on('data', (data: Buffer) => errors.push(data.toString()));
    return {
      child,
      acknowledged,
      errors,
      kill: async () => {
        child.kill('SIGKILL');
        await closed;
      },
    };
  };

  it(`lose nothing that they acknowledged, ${ROUNDS} times over`, async () => {
    const campaignId = createId();
    // The embedded store lets one process in.
    const slots = target.kind === 'mongodb' ? 2 : 1;
    const all: Writer[] = [];
    const running: Writer[] = [];
    const startOne = (): void => {
      const writer = start(campaignId);
      all.push(writer);
      running.push(writer);
    };
    for (let slot = 0; slot < slots; slot++) startOne();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const [victim] = running;
        await until(
          () => victim?.acknowledged.size ?? 0,
          count => count >= WRITES || victim?.child.exitCode !== null,
        );
        expect([victim?.child.exitCode, victim?.errors]).toEqual([null, []]);
        // The other instance goes on meanwhile.
        await running.shift()?.kill();
        startOne();
      }
    } finally {
      for (const writer of running) await writer.kill();
    }

    const store = opened?.store ?? (await openEmbeddedStore({ directory }));
    const { journal, snapshots } = await openStateJournal(store);
    const recorded = new Map<string, JournalChange>();
    for (let version = 0, found; (found = await journal.readSince(campaignId, version)).length > 0;) {
      for (const change of found.flatMap(({ changes }) => changes)) recorded.set(change.eventId, change);
      version = found.at(-1)?.to ?? version;
    }
    const report = await verifyState({ journal, snapshots }, campaignId);
    if (opened === undefined) await store.close();

    expect(report.faults).toEqual([]);
    expect(report.version).toBe(recorded.size);
    const acknowledged = all.flatMap(writer => [...writer.acknowledged]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * WRITES);
    expect(acknowledged.filter(([eventId, version]) => recorded.get(eventId)?.version !== version)).toEqual([]);
  }, 120_000);
});
