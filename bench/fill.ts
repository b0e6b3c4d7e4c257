// Fills the database of a benchmark. In a process of its own, so that the service that is measured begins with a small
// memory: `fill.ts '{"data": {"directory": …}, "population": {"campaigns": …, "due": …}}' <public key>`.
import { spec } from '../app/datastore/campaigns.ts';
import { createChanges, spec as changesSpec } from '../app/datastore/changes.ts';
import { openStore, prepareIndexes } from '../app/store.ts';
import { silentLog } from '../lib/log.ts';
import { createServiceConfig, type ServiceData } from './lib/service-config.ts';
import { type Population, storedCampaign } from './lib/stored-campaign.ts';
import { storedChange } from './lib/stored-change.ts';
import { updateEffects } from './lib/tally.ts';

const BATCH = 500;

const [order = '', publicKey = ''] = process.argv.slice(2);
const { data, population } = JSON.parse(order) as { data: ServiceData; population: Population };
const store = await openStore(createServiceConfig(data, publicKey), silentLog);
await prepareIndexes(store, { create: true, log: silentLog });
const campaigns = store.collection(spec);
for (let first = 1; first <= population.campaigns; first += BATCH) {
  const length = Math.min(BATCH, population.campaigns - first + 1);
  const { failures } = await campaigns.bulkWrite(
    Array.from({ length }, (_, at) => ({ insertOne: { document: storedCampaign(first + at, population) } })),
  );
  if (failures[0] !== undefined) throw failures[0].error;
}
const changes = createChanges({ collection: store.collection(changesSpec) });
const { backlog = 0 } = population;
for (let first = 1; first <= backlog; first += BATCH) {
  const length = Math.min(BATCH, backlog - first + 1);
  const refused = await changes.recordAll(
    Array.from({ length }, (_, at) => storedChange(first + at, population, updateEffects)),
  );
  for (const error of refused.values()) throw error;
}
await store.close();
