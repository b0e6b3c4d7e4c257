import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../../test/support/manager-world.ts';
import { UnauthorizedError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { marketManager } from './manager.ts';

const NOW = '2026-03-01T12:00:00.000Z';
const hours = (count: number): string => new Date(Date.parse(NOW) + count * 3_600_000).toISOString();
const firstPage = { page: 0, pageSize: 10 };

describe('reminding fans of presales', () => {
  let world: ManagerWorld;
  let campaign: CampaignDocument;

  beforeAll(async () => {
    world = await openManagerWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.setTime(NOW);
    campaign = await world.insertCampaign({ options: { automatedReminders: true } });
  });

  const create = async (presaleDateTime: string | undefined, of = campaign): Promise<string> => {
    const body = { name: createId(), ...(presaleDateTime !== undefined && { event: { presaleDateTime } }) };
    return (await marketManager.create(world.createContext(), of._id, body))._id;
  };
  const find = (marketId: string) => world.datastores.markets.findById(marketId);
  const setDate = (marketIds: string[], date: string) =>
    marketManager.setNotifyDate(world.createContext(), { marketIds, date });
  const notifiable = async (): Promise<string[]> =>
    (await marketManager.findNotifiable(world.createContext(), firstPage)).rows.map(({ _id }) => _id);
  const notify = (...marketIds: string[]) => marketManager.markNotified(world.createContext(), marketIds);

  it('is for supreme users alone', async () => {
    const ctx = world.createContext(createActor('update', campaign._id));
    await expect(marketManager.findUpcoming(ctx, firstPage)).rejects.toThrow(UnauthorizedError);
    await expect(marketManager.findNotifiable(ctx, firstPage)).rejects.toThrow(UnauthorizedError);
    await expect(marketManager.setNotifyDate(ctx, [])).rejects.toThrow(UnauthorizedError);
    await expect(marketManager.markNotified(ctx, [])).rejects.toThrow(UnauthorizedError);
  });

  it('finds presales from 2 to 27 hours ahead, of campaigns that remind by themselves and are OPEN or CLOSED', async () => {
    const closed = await world.insertCampaign({ status: 'CLOSED', options: { automatedReminders: true } });
    const draft = await world.insertCampaign({ status: 'DRAFT', options: { automatedReminders: true } });
    const silent = await world.insertCampaign();
    const last = await create(hours(27));
    const first = await create(hours(2));
    const middle = await create(hours(10), closed);
    for (const [at, of] of [
      [1.9, campaign],
      [27.1, campaign],
      [10, draft],
      [10, silent],
    ] as const)
      await create(hours(at), of);
    await create(undefined);
    const { rows, total } = await marketManager.findUpcoming(world.createContext(), { page: 0, pageSize: 2 });
    expect(rows.map(({ _id }) => _id)).toEqual([first, middle]);
    expect(total).toBe(3);
    const next = await marketManager.findUpcoming(world.createContext(), { page: 1, pageSize: 2 });
    expect(next.rows.map(({ _id }) => _id)).toEqual([last]);
  });

  it('lists a market from its date until it is marked as notified', async () => {
    const marketId = await create(hours(20));
    await setDate([marketId], hours(5));
    world.setTime(hours(4.9));
    expect(await notifiable()).not.toContain(marketId);
    world.setTime(hours(5));
    expect(await notifiable()).toContain(marketId);
    expect(await notify(marketId)).toEqual({ notified: [marketId], missing: [] });
    expect(await notifiable()).not.toContain(marketId);
    expect(await find(marketId)).toMatchObject({ notification: { date: new Date(hours(5)), notified: true } });
  });

  it('changes nothing by a repeat, and makes a market due again by another date', async () => {
    const marketId = await create(hours(20));
    await setDate([marketId], hours(5));
    world.setTime(hours(6));
    await notify(marketId);
    const { version } = (await find(marketId)) ?? {};
    await notify(marketId);
    await setDate([marketId], hours(5));
    expect(await find(marketId)).toMatchObject({ version, notification: { notified: true } });
    await setDate([marketId], hours(7));
    expect(await find(marketId)).toMatchObject({ notification: { date: new Date(hours(7)), notified: false } });
  });

  it('takes a date for each market', async () => {
    const [a, b] = [await create(hours(20)), await create(hours(20))];
    const markets = await marketManager.setNotifyDate(world.createContext(), [
      { marketId: a, date: hours(1) },
      { marketId: b, date: hours(2) },
    ]);
    expect(markets.map(({ notification }) => notification?.date?.toISOString())).toEqual([hours(1), hours(2)]);
  });

  it('checks all markets before it sets any date', async () => {
    const [good, without] = [await create(hours(20)), await create(undefined)];
    const work = marketManager.setNotifyDate(world.createContext(), [
      { marketId: good, date: hours(3) },
      { marketId: without, date: hours(3) },
      { marketId: createId(), date: hours(3) },
      { marketId: good, date: hours(4) },
    ]);
    await expect(work).rejects.toMatchObject({
      type: 'INVALID_CAMPAIGN',
      details: [
        { path: '/1', message: 'has no presale' },
        { path: '/2', message: 'does not exist' },
        { path: '/3', message: 'is named twice' },
      ],
    });
    expect(await find(good)).not.toHaveProperty('notification');
    for (const date of [hours(-1), hours(20.1)]) {
      await expect(setDate([good], date)).rejects.toMatchObject({
        details: [{ path: '/marketIds/0', message: 'must be from now to the presale' }],
      });
    }
  });

  it('names markets that are gone instead of refusing the rest', async () => {
    const marketId = await create(hours(20));
    const gone = createId();
    expect(await notify(gone, marketId)).toEqual({ notified: [marketId], missing: [gone] });
  });

  it('records what it did as a notification', async () => {
    const marketId = await create(hours(20));
    await setDate([marketId], hours(5));
    expect((await world.findChanges(marketId))[0]).toMatchObject({
      cause: 'market.notified',
      campaignId: campaign._id,
    });
  });
});
