import { randomUUID } from 'node:crypto';
import { type Store } from '../../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { openMongodbStore } from '../../app/datastore/store/mongodb/mongodb-store.ts';
import { createCampaignStateManager } from '../../app/realtime/state/campaign-state-manager.ts';
import { systemActor } from '../../app/system-actor.ts';
import { openStateJournal } from './state-journal.ts';

/*
 * An instance that does nothing but write to a live state, many updates at once, and print each as soon as it is
 * acknowledged: `<event id> <version>`. It runs until it is killed. Arguments: campaign, folder or URI, database.
 */

const IN_FLIGHT = 24;

const [campaignId = '', place = '', database = ''] = process.argv.slice(2);

const openStore = (): Promise<Store> =>
  place.startsWith('mongodb://')
    ? openMongodbStore({
        uri: place,
        database,
        serverSelectionTimeoutMs: 3000,
        socketTimeoutMs: 5000,
        maxTimeMs: 4000,
        maxPoolSize: 5,
      })
    : openEmbeddedStore({ directory: place });

const manager = createCampaignStateManager({
  ...(await openStateJournal(await openStore())),
  readInitialState: async () => ({}),
  clock: () => new Date(),
  log: console,
  options: { snapshotEveryVersions: 50, snapshotPauseMs: 0 },
});

async function write(writer: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const eventId = randomUUID();
    const operation = { kind: 'update', updates: { [`writer-${writer}`]: { n, eventId } } } as const;
    const { version } = await manager.write({ campaignId, eventId, actor: systemActor, by: 'writer', operation });
    process.stdout.write(`${eventId} ${version}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_none, at) => write(at)));
