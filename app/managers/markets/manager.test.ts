import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../../test/support/manager-world.ts';
import {
  IdempotencyKeyReusedError,
  UnauthorizedError,
  ValidationError,
  VersionMismatchError,
} from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import {
  CampaignNotFoundError,
  InvalidCampaignError,
  MarketEventConflictError,
  MarketNameConflictError,
  MarketNotFoundError,
} from '../../errors.ts';
import { selectIdempotencyKey } from '../idempotency.ts';
import { promoterManager } from '../promoters.ts';
import { marketManager } from './manager.ts';

describe('the manager of markets', () => {
  let world: ManagerWorld;
  let campaign: CampaignDocument;
  const presale = '2026-04-01T12:00:00.000Z';

  beforeAll(async () => {
    world = await openManagerWorld();
    campaign = await world.insertCampaign();
  });
  afterAll(() => world.close());

  const create = (body: Record<string, unknown>, of = campaign) =>
    marketManager.create(world.createContext(), of._id, body);
  const find = async (id: string): Promise<MarketDocument | null> => world.datastores.markets.findById(id);

  it('adds a market and records the change with its effects', async () => {
    const { _id, version } = await create({ name: 'Added', event: { ids: ['A1'], presaleDateTime: presale } });
    expect(version).toBe(1);
    expect(await find(_id)).toMatchObject({ campaignId: campaign._id, selection: { status: 'pending' } });
    const [change] = await world.findChanges(_id);
    expect(change).toMatchObject({ cause: 'market.created', campaignId: campaign._id });
    expect(change?.pending.map(({ effect }) => effect)).toEqual([
      'kinesisCampaign',
      'sqsDataPipeline',
      'sqsRefreshSelections',
      'stateBroadcast',
    ]);
  });

  it('lets in only callers who may update, and knows only campaigns that exist', async () => {
    const reader = world.createContext(createActor('read', campaign._id));
    await expect(marketManager.create(reader, campaign._id, { name: 'Mine' })).rejects.toThrow(UnauthorizedError);
    await expect(marketManager.create(world.createContext(), createId(), { name: 'Mine' })).rejects.toThrow(
      CampaignNotFoundError,
    );
    const updater = world.createContext(createActor('update', campaign._id));
    await expect(marketManager.create(updater, campaign._id, { name: 'By an updater' })).resolves.toBeDefined();
  });

  it('refuses what breaks the schema, and an event that is named twice', async () => {
    await expect(create({ name: ' ', colour: 'red' })).rejects.toMatchObject({
      details: expect.arrayContaining([
        expect.objectContaining({ path: '/colour' }),
        expect.objectContaining({ path: '/name' }),
      ]) as unknown,
    });
    await expect(create({ name: 'Twice', event: { ids: ['T', 'T'] } })).rejects.toThrow(ValidationError);
    await expect(create({ name: 'Nowhere', point: { type: 'Point', coordinates: [181, 0] } })).rejects.toThrow(
      ValidationError,
    );
  });

  it('keeps names and events unique within a campaign, and there alone', async () => {
    await create({ name: 'Unique', event: { ids: ['U1'] } });
    await expect(create({ name: ' uNIQUE' })).rejects.toThrow(MarketNameConflictError);
    await expect(create({ name: 'Other', event: { ids: ['U0', 'U1'] } })).rejects.toThrow(MarketEventConflictError);
    const other = await world.insertCampaign();
    await expect(create({ name: 'Unique', event: { ids: ['U1'] } }, other)).resolves.toBeDefined();
  });

  it('takes any number of markets without events', async () => {
    await create({ name: 'Empty 1', event: { ids: [] } });
    await expect(create({ name: 'Empty 2', event: { ids: [] } })).resolves.toBeDefined();
  });

  it('names promoters that do not exist', async () => {
    const { _id } = await promoterManager.create(world.createContext(), { name: 'A promoter of markets' });
    await expect(create({ name: 'Promoted', promoterIds: [_id] })).resolves.toBeDefined();
    await expect(create({ name: 'Unpromoted', promoterIds: [_id, createId()] })).rejects.toMatchObject({
      type: 'INVALID_CAMPAIGN',
      details: [{ path: '/promoterIds/1', message: 'does not exist' }],
    });
  });

  it('gives the same market for the same idempotency key, whatever became of the campaign, and refuses another body', async () => {
    const key = (body: unknown) => selectIdempotencyKey('user', 'POST markets', 'key-1', body);
    const body = { name: 'Once' };
    const ctx = world.createContext();
    const first = await marketManager.create(ctx, campaign._id, body, key(body));
    const again = await marketManager.create(ctx, campaign._id, body, key(body));
    expect(again._id).toBe(first._id);
    const other = { name: 'Not once' };
    await expect(marketManager.create(ctx, campaign._id, other, key(other))).rejects.toThrow(IdempotencyKeyReusedError);
  });

  it('updates by a merge patch: what was read can be sent back, what is read-only cannot be changed', async () => {
    const made = await create({ name: 'Patched', city: 'Oslo', event: { ids: ['P1'], ticketer: 'x' } });
    const ctx = world.createContext();
    const update = (patch: Record<string, unknown>, expectedVersion?: number) =>
      marketManager.update(ctx, campaign._id, made._id, patch, { expectedVersion });
    const shown = (JSON.parse(made.representation.encode('}}').toString()) as { data: Record<string, unknown> }).data;
    expect((await update(shown)).version).toBe(1);
    expect((await update({ ...shown, city: null, event: { ticketer: 'y' } }, 1)).version).toBe(2);
    expect(await find(made._id)).toMatchObject({ event: { ids: ['P1'], ticketer: 'y' } });
    expect(await find(made._id)).not.toHaveProperty('city');
    await expect(update({ name: 'Late' }, 1)).rejects.toThrow(VersionMismatchError);
    await expect(update({ selection: { status: 'ready' } })).rejects.toMatchObject({
      details: [{ path: '/selection', message: 'is read-only' }],
    });
    await expect(update({ event: { venue: { name: 'No id' } } })).rejects.toThrow(ValidationError);
  });

  it('frees events and names by update and by deletion', async () => {
    const made = await create({ name: 'Freed', event: { ids: ['F1'] } });
    await marketManager.update(world.createContext(), campaign._id, made._id, { event: null });
    const second = await create({ name: 'Second', event: { ids: ['F1'] } });
    await marketManager.remove(world.createContext(), campaign._id, second._id);
    await expect(create({ name: 'Second', event: { ids: ['F1'] } })).resolves.toBeDefined();
    expect(await find(second._id)).toBeNull();
  });

  it('finds a market in its own campaign alone', async () => {
    const { _id } = await create({ name: 'Found' });
    const other = await world.insertCampaign();
    const ctx = world.createContext();
    await expect(marketManager.findById(ctx, campaign._id, _id)).resolves.toMatchObject({ _id, version: 1 });
    await expect(marketManager.findById(ctx, other._id, _id)).rejects.toThrow(MarketNotFoundError);
    await expect(marketManager.update(ctx, other._id, _id, { city: 'Oslo' })).rejects.toThrow(MarketNotFoundError);
    await expect(marketManager.remove(ctx, other._id, _id)).rejects.toThrow(MarketNotFoundError);
  });

  it('records a deletion with the last content, and asks for selections only when there was a presale', async () => {
    const { _id } = await create({ name: 'Deleted' });
    await marketManager.remove(world.createContext(), campaign._id, _id);
    const [deletion] = await world.findChanges(_id);
    expect(deletion).toMatchObject({ cause: 'market.deleted', content: { name: 'Deleted' } });
    expect(deletion?.pending.map(({ effect }) => effect)).not.toContain('sqsRefreshSelections');
  });

  it('closes INACTIVE campaigns to new and leaving markets', async () => {
    const inactive = await world.insertCampaign({ status: 'INACTIVE' });
    await expect(create({ name: 'Late' }, inactive)).rejects.toThrow(InvalidCampaignError);
  });

  it('lists the markets of a campaign by page and as GeoJSON', async () => {
    const listed = await world.insertCampaign();
    for (const name of ['b', 'c', 'a']) await create({ name }, listed);
    const ctx = world.createContext(createActor('read', listed._id));
    const query = { campaignId: listed._id, sortBy: 'name', direction: 1, pageSize: 2 } as const;
    const page = await marketManager.list(ctx, { ...query, page: 1 });
    expect(page).toMatchObject({ total: 3, rows: [{ name: 'c' }] });
    const { features } = await marketManager.findFeatures(ctx, listed._id);
    expect(features.map(({ properties }) => properties.name)).toEqual(['a', 'b', 'c']);
  });
});
