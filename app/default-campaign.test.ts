import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from './system-actor.ts';
import { type ManagerWorld, openManagerWorld } from '../test/support/manager-world.ts';
import { createDefaultCampaign, isDefaultCampaign } from './default-campaign.ts';
import { isEmpty } from './demo/seed.ts';

const identifier = 'default-campaign';
const wanted = { identifier, name: 'Presale' };

describe('the default campaign', () => {
  let world: ManagerWorld;
  beforeEach(async () => {
    world = await openManagerWorld();
  });
  afterEach(() => world.close());

  const context = () => world.createContext(systemActor);
  const list = async () => {
    const page = { sortBy: 'name', direction: 1, page: 0, pageSize: 10 } as const;
    return (await world.datastores.campaigns.list({ readable: 'all', ...page })).rows;
  };

  it('is made once, however many instances start', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => createDefaultCampaign(context(), wanted)));
    expect(made).toEqual([true, true, true, true]);
    await createDefaultCampaign(context(), wanted);
    const [campaign, ...others] = await list();
    expect(others).toEqual([]);
    expect(campaign).toMatchObject({ identifier, name: 'Presale', status: 'DRAFT' });
    expect(campaign !== undefined && isDefaultCampaign(campaign)).toBe(true);
    const changes = await world.findChanges(campaign?._id ?? '');
    expect(changes.map(({ by, cause }) => [by, cause])).toEqual([['system', 'campaign.created']]);
  });

  it('leaves a database as empty as it was for a demo', async () => {
    expect(await isEmpty(context())).toBe(true);
    await createDefaultCampaign(context(), wanted);
    expect(await isEmpty(context())).toBe(true);
    await world.insertCampaign();
    expect(await isEmpty(context())).toBe(false);
  });

  it('is whichever campaign has the identifier', async () => {
    await world.insertCampaign({ identifier });
    expect(await createDefaultCampaign(context(), wanted)).toBe(true);
    expect(await list()).toHaveLength(1);
    expect(await isEmpty(context())).toBe(false);
  });

  it('is that campaign whatever others are called, and though it came only now', async () => {
    await createDefaultCampaign(context(), { identifier: 'mine', name: 'Presale' });
    await world.insertCampaign({ identifier });
    expect(await createDefaultCampaign(context(), wanted)).toBe(true);
    const ctx = context();
    // Looked for a moment too early.
    const campaigns = { ...ctx.datastore.campaigns, findIdByIdentifier: async () => null };
    const early = { ...ctx, datastore: { ...ctx.datastore, campaigns } };
    expect(await createDefaultCampaign(early, { identifier, name: 'Another name' })).toBe(true);
    expect(await list()).toHaveLength(2);
  });

  it('is not made where another campaign has its name', async () => {
    await createDefaultCampaign(context(), { identifier: 'mine', name: 'Presale' });
    expect(await createDefaultCampaign(context(), wanted)).toBe(false);
    expect(await list()).toHaveLength(1);
  });
});
