import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyState } from '../../app/datastore/state-transfer.ts';
import { createCampaignStateManager } from '../../app/realtime/state/campaign-state-manager.ts';
import { systemActor } from '../../app/system-actor.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { openStateJournal } from '../support/state-journal.ts';
import { createStateView } from '../support/state-view.ts';
import { describeStartedServer } from '../support/stores.ts';
import { until } from '../support/until.ts';

const INSTANCES = 2;
const WRITERS = 12;
const CRASHES = 3;
/** How much is acknowledged before each crash and after the last. */
const WRITES_BETWEEN = 60;

describeStartedServer('live states whose database crashes', open => {
  it('keep what was acknowledged, once, refuse what was not written, and go on by themselves', async () => {
    const opened = await open();
    const { journal, snapshots } = await openStateJournal(opened.store);
    const campaignId = createId();
    const managers = Array.from({ length: INSTANCES }, () =>
      createCampaignStateManager({
        journal,
        snapshots,
        readInitialState: async () => ({}),
        clock: () => new Date(),
        log: { warn: () => undefined, error: () => undefined },
        options: { snapshotEveryVersions: 20, snapshotPauseMs: 0 },
      }),
    );
    const views = managers.map(() => createStateView());
    for (const [at, manager] of managers.entries()) await manager.subscribe(campaignId, views[at]!.listener);

    const acknowledged = new Map<string, number>();
    const refused: string[] = [];
    const surprises: unknown[] = [];
    let isOver = false;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const eventId = randomUUID();
        const operation = { kind: 'update', updates: { [`writer-${writer}`]: n } } as const;
        try {
          const manager = managers[writer % INSTANCES]!;
          const { version } = await manager.write({ campaignId, eventId, actor: systemActor, by: 'w', operation });
          acknowledged.set(eventId, version);
        } catch (error) {
          refused.push(eventId);
          if (!(error instanceof ServiceUnavailableError)) surprises.push(error);
          await sleep(20);
        }
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, (_none, at) => write(at)));
    try {
      for (let crash = 0; crash <= CRASHES; crash += 1) {
        const target = acknowledged.size + WRITES_BETWEEN;
        await until(
          () => acknowledged.size,
          count => count >= target,
        );
        if (crash === CRASHES) break;
        await opened.kill();
        await sleep(100);
        await opened.restart();
      }
    } finally {
      isOver = true;
      await writing;
    }

    const recorded = new Map<string, number>();
    for (let version = 0, found; (found = await journal.readSince(campaignId, version)).length > 0;) {
      for (const change of found.flatMap(({ changes }) => changes)) recorded.set(change.eventId, change.version);
      version = found.at(-1)?.to ?? version;
    }
    expect(surprises).toEqual([]);
    expect([...acknowledged].filter(([eventId, version]) => recorded.get(eventId) !== version)).toEqual([]);
    expect(refused.filter(eventId => recorded.has(eventId))).toEqual([]);
    expect((await verifyState({ journal, snapshots }, campaignId)).faults).toEqual([]);
    const head = await journal.readHead(campaignId);
    for (const [at, manager] of managers.entries()) {
      expect(await manager.verify(campaignId)).toBe(true);
      expect([views[at]?.faults, views[at]?.version]).toEqual([[], head?.version]);
      await manager.stop();
    }
    await opened.close();
  }, 120_000);
});
