import { afterAll, beforeAll } from '@jest/globals';
import { type CampaignDocument } from '../../app/datastore/campaign-document.ts';
import { type CampaignsDatastore } from '../../app/datastore/campaigns.ts';
import { type Services } from '../../app/services/services.ts';
import { type ManagerWorld, openManagerWorld } from './manager-world.ts';

/** A world that is open as long as the tests of a suite run. */
export interface SuiteWorld {
  readonly world: ManagerWorld;
  readonly campaigns: CampaignsDatastore;
  insert(fields?: Partial<CampaignDocument>): Promise<CampaignDocument>;
}

/** Opens a world of its own for the suite that it is called in, and prepares it. */
export function useManagerWorld(
  prepare: (world: ManagerWorld) => Promise<void> = async () => undefined,
  services: Partial<Services> = {},
): SuiteWorld {
  const held: { world?: ManagerWorld } = {};
  beforeAll(async () => {
    held.world = await openManagerWorld(services);
    await prepare(held.world);
  });
  afterAll(() => held.world?.close());
  const select = (): ManagerWorld => {
    if (held.world === undefined) throw new Error('The world is open in tests alone.');
    return held.world;
  };
  return {
    get world() {
      return select();
    },
    get campaigns() {
      return select().datastores.campaigns;
    },
    insert: fields => select().insertCampaign(fields),
  };
}
