import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { UnauthorizedError, ValidationError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { promoter as promoterSchema } from '../../schemas/promoter.ts';
import { InvalidCampaignError, PromoterNameConflictError, PromoterNotFoundError } from '../errors.ts';
import { marketManager } from './markets/manager.ts';
import { toWire } from './patching.ts';
import { formatPromoter, promoterManager } from './promoters.ts';

describe('the manager of promoters', () => {
  let world: ManagerWorld;
  beforeAll(async () => {
    world = await openManagerWorld();
  });
  afterAll(() => world.close());

  const create = (name: string) => promoterManager.create(world.createContext(), { name });

  it('makes a promoter with localised privacy policies', async () => {
    const privacyPolicyUrls = { en: 'https://example.com/privacy', 'fr-CA': 'https://example.com/fr' };
    const { _id } = await promoterManager.create(world.createContext(), { name: 'Localised', privacyPolicyUrls });
    const promoter = await world.datastores.promoters.findById(_id);
    const shown = promoter === null ? undefined : toWire(formatPromoter(promoter));
    expect(shown).toMatchObject({ name: 'Localised', privacyPolicyUrls });
    expect(shown).not.toHaveProperty('nameKey');
    expect(createValidator(promoterSchema).selectFaults(shown)).toEqual([]);
  });

  it('keeps names unique, whatever their case, and frees them', async () => {
    const { _id } = await create('Unique');
    await expect(create('unique ')).rejects.toThrow(PromoterNameConflictError);
    await promoterManager.update(world.createContext(), _id, { name: 'Renamed' });
    const second = await create('Unique');
    await expect(promoterManager.update(world.createContext(), second._id, { name: 'RENAMED' })).rejects.toThrow(
      PromoterNameConflictError,
    );
  });

  it('refuses what is no URL, naming the locale', async () => {
    const { _id } = await create('Linked');
    const patch = { privacyPolicyUrls: { en: 'javascript:alert(1)' } };
    await expect(promoterManager.update(world.createContext(), _id, patch)).rejects.toMatchObject({
      details: [expect.objectContaining({ path: '/privacyPolicyUrls/en' })],
    });
    await expect(promoterManager.update(world.createContext(), _id, { name: null })).rejects.toThrow(ValidationError);
  });

  it('deletes a promoter only when no market names it', async () => {
    const { _id } = await create('Named');
    const campaign = await world.insertCampaign();
    const ctx = world.createContext();
    const market = await marketManager.create(ctx, campaign._id, { name: 'Promoted', promoterIds: [_id] });
    await expect(promoterManager.remove(ctx, _id)).rejects.toThrow(InvalidCampaignError);
    await marketManager.remove(ctx, campaign._id, market._id);
    await promoterManager.remove(ctx, _id);
    await expect(promoterManager.findById(ctx, _id)).rejects.toThrow(PromoterNotFoundError);
    await expect(promoterManager.remove(ctx, createId())).rejects.toThrow(PromoterNotFoundError);
  });

  it('is for supreme users alone', async () => {
    const ctx = world.createContext(createActor('update'));
    await expect(promoterManager.create(ctx, { name: 'Mine' })).rejects.toThrow(UnauthorizedError);
    await expect(promoterManager.findById(ctx, createId())).rejects.toThrow(UnauthorizedError);
  });
});
