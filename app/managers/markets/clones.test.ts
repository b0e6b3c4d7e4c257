import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../../test/support/manager-world.ts';
import { UnauthorizedError } from '../../../lib/errors.ts';
import { createId, isId } from '../../../lib/ids.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type ManagerContext } from '../../context.ts';
import { InvalidCampaignError, MarketEventConflictError, MarketNameConflictError } from '../../errors.ts';
import { selectCloneId } from './clones.ts';
import { marketManager } from './manager.ts';

describe('the id of a clone', () => {
  it('is the same for the same source, campaign and generation, and another otherwise', () => {
    const ids = [selectCloneId('a', 'b'), selectCloneId('b', 'a'), selectCloneId('a', 'c'), selectCloneId('a', 'b', 1)];
    expect(new Set(ids).size).toBe(4);
    expect(ids.every(isId)).toBe(true);
    expect(selectCloneId('a', 'b', 0)).toBe(ids[0]);
  });
});

describe('cloning markets', () => {
  let world: ManagerWorld;
  let source: CampaignDocument;
  const sourceIds: string[] = [];

  beforeAll(async () => {
    world = await openManagerWorld();
    source = await world.insertCampaign();
    for (const name of ['One', 'Two', 'Three']) {
      const body = { name, event: { ids: [`E-${name}`], presaleDateTime: '2026-04-10T12:00:00Z' } };
      sourceIds.push((await marketManager.create(world.createContext(), source._id, body))._id);
    }
  });
  afterAll(() => world.close());

  const clone = (target: CampaignDocument, marketIds?: string[], ctx = world.createContext()) =>
    marketManager.clone(ctx, target._id, { fromCampaignId: source._id, ...(marketIds && { marketIds }) });
  const namesIn = async ({ _id }: CampaignDocument): Promise<string[]> =>
    (await world.datastores.markets.findByCampaign(_id)).map(({ name }) => name);

  it('copies what a client writes, and neither reminder nor selection', async () => {
    const target = await world.insertCampaign();
    await marketManager.setNotifyDate(world.createContext(), {
      marketIds: [sourceIds[0] ?? ''],
      date: '2026-04-09T12:00:00Z',
    });
    const clones = await clone(target);
    expect(clones.map(({ name }) => name)).toEqual(['One', 'Three', 'Two']);
    for (const market of clones) {
      expect(market).toMatchObject({ campaignId: target._id, version: 1, selection: { status: 'pending' } });
      expect(market).not.toHaveProperty('notification');
    }
    const [change] = await world.findChanges(clones[0]?._id ?? '');
    expect(change?.pending.map(({ effect }) => effect)).toContain('sqsRefreshSelections');
  });

  it('gives named markets in the order of their names in the request', async () => {
    const target = await world.insertCampaign();
    const clones = await clone(target, [sourceIds[1] ?? '', sourceIds[0] ?? '']);
    expect(clones.map(({ name }) => name)).toEqual(['Two', 'One']);
  });

  it('keeps the clones that there are, and completes the rest, also when two calls come at once', async () => {
    const target = await world.insertCampaign();
    const [first] = await clone(target, [sourceIds[0] ?? '']);
    await marketManager.update(world.createContext(), target._id, first?._id ?? '', { name: 'Renamed' });
    const [left, right] = await Promise.all([clone(target), clone(target)]);
    expect(left.map(({ _id }) => _id)).toEqual(right.map(({ _id }) => _id));
    expect(left.map(({ name }) => name)).toContain('Renamed');
    expect(await namesIn(target)).toEqual(['Renamed', 'Three', 'Two']);
  });

  it('clones again what was deleted, under an id that was never used', async () => {
    const target = await world.insertCampaign();
    const wanted = [sourceIds[0] ?? ''];
    const [first] = await clone(target, wanted);
    await marketManager.remove(world.createContext(), target._id, first?._id ?? '');
    const [second] = await clone(target, wanted);
    expect(second?._id).not.toBe(first?._id);
    await marketManager.remove(world.createContext(), target._id, second?._id ?? '');
    await world.dispatcher.drain();
    expect(await clone(target, wanted)).toHaveLength(1);
  });

  it('checks names, events, dates and ids before it writes anything', async () => {
    const ctx = world.createContext();
    const named = await world.insertCampaign();
    await marketManager.create(ctx, named._id, { name: 'three' });
    await expect(clone(named)).rejects.toThrow(MarketNameConflictError);
    const eventful = await world.insertCampaign();
    await marketManager.create(ctx, eventful._id, { name: 'Else', event: { ids: ['E-Two'] } });
    await expect(clone(eventful)).rejects.toThrow(MarketEventConflictError);
    const at = new Date('2026-05-01T00:00:00Z');
    const late = await world.insertCampaign({ date: { created: at, updated: at, open: at } });
    await expect(clone(late)).rejects.toMatchObject({
      type: 'INVALID_CAMPAIGN',
      details: expect.arrayContaining([
        expect.objectContaining({ path: `/${sourceIds[0] ?? ''}/event/presaleDateTime` }),
      ]) as unknown,
    });
    const plain = await world.insertCampaign();
    await expect(clone(plain, [sourceIds[0] ?? '', createId()])).rejects.toMatchObject({
      details: [{ path: '/marketIds/1', message: 'is not a market of that campaign' }],
    });
    expect(await namesIn(named)).toEqual(['three']);
    expect(await namesIn(eventful)).toEqual(['Else']);
    expect(await namesIn(late)).toEqual([]);
    expect(await namesIn(plain)).toEqual([]);
  });

  it('refuses the campaign itself and one that is INACTIVE', async () => {
    await expect(clone(source)).rejects.toThrow(InvalidCampaignError);
    await expect(clone(await world.insertCampaign({ status: 'INACTIVE' }))).rejects.toThrow(InvalidCampaignError);
  });

  it('needs update on both campaigns', async () => {
    const target = await world.insertCampaign();
    for (const campaignId of [target._id, source._id]) {
      const ctx = world.createContext(createActor('update', campaignId));
      await expect(clone(target, undefined, ctx)).rejects.toThrow(UnauthorizedError);
    }
    const both = world.createContext(createActor('update', target._id, source._id));
    await expect(clone(target, undefined, both)).resolves.toHaveLength(3);
  });

  it('takes back what it inserted, and only that, when another writer takes a name meanwhile', async () => {
    const target = await world.insertCampaign();
    const [kept] = await clone(target, [sourceIds[0] ?? '']);
    const ctx = world.createContext();
    const { markets } = ctx.datastore;
    // Another writer takes a name after the check and before the insert.
    const racing: ManagerContext = {
      ...ctx,
      datastore: {
        ...ctx.datastore,
        markets: {
          ...markets,
          insert: async (content, options) => {
            if (content.name === 'Three') await marketManager.create(ctx, target._id, { name: 'three' });
            return markets.insert(content, options);
          },
        },
      },
    };
    await expect(clone(target, undefined, racing)).rejects.toThrow(MarketNameConflictError);
    expect(await namesIn(target)).toEqual(['One', 'three']);
    expect((await markets.findById(kept?._id ?? ''))?.version).toBe(1);
  });
});
