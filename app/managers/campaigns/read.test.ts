import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { decodeView } from '../../../test/support/decode-view.ts';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import {
  RateLimitedError,
  ServiceUnavailableError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { hashPassword } from '../../../lib/password.ts';
import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignsDatastore } from '../../datastore/campaigns.ts';
import { CampaignNotFoundError, InvalidCampaignPasswordError } from '../../errors.ts';
import { type Actor } from '../../policy.ts';
import { createCampaignCache } from '../../services/campaign-cache.ts';
import { findContacts } from './contacts.ts';
import { findHistory } from './history.ts';
import { findByDomain, findById, findStatus, type ReadOptions } from './read.ts';
import { findFaqs, findTerms } from './texts.ts';
import { update } from './update.ts';

/** A context whose datastore of campaigns has other functions in some places. */
function withCampaigns(ctx: ManagerContext, functions: Partial<CampaignsDatastore>): ManagerContext {
  return { ...ctx, datastore: { ...ctx.datastore, campaigns: { ...ctx.datastore.campaigns, ...functions } } };
}

const away = async (): Promise<never> => {
  throw new ServiceUnavailableError('mongodb');
};

describe('reading a campaign', () => {
  const suite = useManagerWorld();
  const insert = (...parts: Parameters<typeof createCampaignDocument>) =>
    suite.insert(createCampaignDocument(...parts));
  const context = (actor: Actor | null = supreme) => suite.world.createContext(actor);
  const read = async (id: string, options: ReadOptions = {}, actor?: Actor | null) =>
    decodeView(await findById(context(actor), id, options));

  it('needs the permission first, then a campaign', async () => {
    const { _id } = await insert();
    for (const action of ['read', 'update'] as const) {
      expect((await read(_id, {}, createActor(action, _id))).data).toMatchObject({ _id, version: 1 });
    }
    const missing = createId();
    for (const id of [_id, missing]) {
      await expect(read(id, {}, createActor('read', createId()))).rejects.toThrow(UnauthorizedError);
    }
    await expect(read(missing, {}, createActor('read', missing))).rejects.toThrow(CampaignNotFoundError);
    await expect(read(missing)).rejects.toThrow(CampaignNotFoundError);
    await expect(read('no id')).rejects.toThrow(CampaignNotFoundError);
  });

  it('gives one locale along the fallbacks and says which, or all', async () => {
    const { _id, content } = await insert();
    const french = await read(_id, { locale: 'fr-ca' });
    expect(french.meta).toMatchObject({ locale: 'fr' });
    expect(french.data['content']).toMatchObject({
      fr: { landing: { title: 'Inscrivez-vous' }, terms: '<p>Terms.</p>' },
    });
    expect((await read(_id)).meta).toMatchObject({ locale: 'en' });
    expect((await read(_id, { locale: 'ja' })).meta).toMatchObject({ locale: 'en' });
    const all = await read(_id, { showAllLocales: true });
    expect(all.data['content']).toEqual(content);
    expect(all.meta).not.toHaveProperty('locale');
    for (const locale of ['', 'x', 'fr_CA']) await expect(read(_id, { locale })).rejects.toThrow(ValidationError);
  });

  it('reads again what another instance may have changed, and gives what is old while the database is away', async () => {
    const { _id } = await insert();
    const ctx = context();
    expect((await findById(ctx, _id, {})).stale).toBe(false);
    const alone = withCampaigns(ctx, { findById: away, findByDomain: away });
    await expect(findById(alone, _id, {})).resolves.toMatchObject({ stale: true, version: 1 });
    const unknown = await insert();
    await expect(findById(alone, unknown._id, {})).rejects.toThrow(ServiceUnavailableError);
  });

  describe('that is protected by a password', () => {
    const protect = async () => insert({}, { password: await hashPassword('open sesame') });

    it('needs it, unless the caller may update the campaign', async () => {
      const { _id } = await protect();
      const reader = createActor('read', _id);
      await expect(read(_id, {}, reader)).rejects.toThrow(InvalidCampaignPasswordError);
      await expect(read(_id, { password: 'wrong' }, reader)).rejects.toThrow(InvalidCampaignPasswordError);
      const { data } = await read(_id, { password: 'open sesame' }, reader);
      expect(data).toMatchObject({ _id, isPasswordProtected: true });
      expect(data).not.toHaveProperty('password');
      for (const actor of [supreme, createActor('update', _id)]) {
        expect((await read(_id, {}, actor)).data).toMatchObject({ _id });
      }
    });

    it('needs it for its texts, contacts and history as well', async () => {
      const { _id } = await protect();
      const doors: ((ctx: ManagerContext, password?: string) => Promise<unknown>)[] = [
        (ctx, password) => findFaqs(ctx, _id, { password }),
        (ctx, password) => findTerms(ctx, _id, { password }),
        (ctx, password) => findContacts(ctx, _id, { password }),
        (ctx, password) => findHistory(ctx, _id, { page: 0, pageSize: 10, password }),
      ];
      for (const enter of doors) {
        const reader = context(createActor('read', _id));
        await expect(enter(reader)).rejects.toThrow(InvalidCampaignPasswordError);
        await expect(enter(reader, 'open sesame')).resolves.toBeDefined();
        await expect(enter(context(createActor('update', _id)))).resolves.toBeDefined();
      }
    });

    it('lets each address try so many wrong ones', async () => {
      const { _id } = await protect();
      const from = (address: string, password: string) =>
        findById({ ...context(createActor('read', _id)), address }, _id, { password });
      for (const attempt of ['a', 'b', 'c']) {
        await expect(from('10.0.0.1', attempt)).rejects.toThrow(InvalidCampaignPasswordError);
      }
      await expect(from('10.0.0.1', 'open sesame')).rejects.toThrow(RateLimitedError);
      await expect(from('10.0.0.2', 'open sesame')).resolves.toMatchObject({ version: 1 });
    });

    it('says nothing of it to a caller who may not read at all', async () => {
      const { _id } = await protect();
      await expect(read(_id, {}, createActor('read', createId()))).rejects.toThrow(UnauthorizedError);
    });
  });
});

describe('reading the campaign of a domain', () => {
  const suite = useManagerWorld(undefined, {
    campaignCache: createCampaignCache({ maxBytes: 10_000_000, ttlMs: 600_000 }),
  });
  const insert = (...parts: Parameters<typeof createCampaignDocument>) =>
    suite.insert(createCampaignDocument(...parts));
  const find = (domain: string, actor: Actor | null = supreme) =>
    findByDomain(suite.world.createContext(actor), domain, {});

  it('finds it in whatever case', async () => {
    const { _id } = await insert({ domain: { site: 'found.example.com' } });
    await expect(find('FOUND.example.com')).resolves.toMatchObject({ campaignId: _id, audience: 'full' });
    await expect(find('found.example.com', createActor('read', _id))).resolves.toMatchObject({ audience: 'full' });
  });

  it('asks a caller without a token for one where the public does not read', async () => {
    await insert({ domain: { site: 'private.example.com' } }, { status: 'OPEN' });
    for (const domain of ['private.example.com', 'nobody.example.com']) {
      await expect(find(domain, null)).rejects.toThrow(UnauthenticatedError);
    }
  });

  it('tells a caller without the permission the same whether there is one or not', async () => {
    await insert({ domain: { site: 'hidden.example.com' } });
    for (const domain of ['hidden.example.com', 'nobody.example.com']) {
      await expect(find(domain, createActor('read', createId()))).rejects.toThrow(UnauthorizedError);
    }
    await expect(find('nobody.example.com')).rejects.toThrow(CampaignNotFoundError);
  });

  it('follows a domain that moves to another campaign', async () => {
    const ctx = suite.world.createContext();
    const [old, heir] = [await insert({ domain: { site: 'moving.example.com' } }), await insert()];
    await expect(find('moving.example.com')).resolves.toMatchObject({ campaignId: old._id });
    await update(ctx, old._id, { domain: { site: 'elsewhere.example.com' } });
    await expect(find('moving.example.com')).rejects.toThrow(CampaignNotFoundError);
    await update(ctx, heir._id, { domain: { site: 'moving.example.com' } });
    await expect(find('moving.example.com')).resolves.toMatchObject({ campaignId: heir._id });
    await expect(find('elsewhere.example.com')).resolves.toMatchObject({ campaignId: old._id });
  });

  it('never gives a campaign that has another domain by now, however late the database answers', async () => {
    const before = await insert({ domain: { site: 'slow.example.com' } });
    const ctx = suite.world.createContext();
    await update(ctx, before._id, { domain: { site: 'fast.example.com' } });
    const late = withCampaigns(ctx, { findByDomain: async () => before });
    await expect(findByDomain(late, 'slow.example.com', {})).rejects.toThrow(CampaignNotFoundError);
  });

  it('asks the database once as long as the campaign is fresh, and not at all while it is away', async () => {
    const { _id } = await insert({ domain: { site: 'cached.example.com' } });
    await find('cached.example.com');
    const alone = withCampaigns(suite.world.createContext(), { findById: away, findByDomain: away });
    await expect(findByDomain(alone, 'cached.example.com', {})).resolves.toMatchObject({ campaignId: _id });
    await expect(findByDomain(alone, 'unknown.example.com', {})).rejects.toThrow(ServiceUnavailableError);
  });
});

describe('where the public reads', () => {
  const suite = useManagerWorld(undefined, { publicReads: true });
  const insert = (status: CampaignStatus, password?: string) =>
    suite.insert(createCampaignDocument({}, { status, ...(password !== undefined && { password }) }));
  const find = (site: string | undefined, actor: Actor | null = null, password?: string) =>
    findByDomain(suite.world.createContext(actor), site ?? '', { password });

  it.each(['OPEN', 'CLOSED'] as const)('everyone sees what is %s, in the public view', async status => {
    const { _id, domain } = await insert(status);
    for (const actor of [null, createActor('read', createId())]) {
      const found = await find(domain?.site, actor);
      expect(found).toMatchObject({ audience: 'public', campaignId: _id, isProtected: false });
      expect(decodeView(found).data).not.toHaveProperty('audit');
    }
    await expect(find(domain?.site, createActor('read', _id))).resolves.toMatchObject({ audience: 'full' });
    const shown = await findStatus(suite.world.createContext(null), { campaignId: _id }, {});
    expect(shown.status).toEqual({ id: _id, status, date: expect.anything() as unknown });
  });

  it.each(['DRAFT', 'PREVIEW', 'INACTIVE'] as const)('what is %s does not exist', async status => {
    const { _id, domain } = await insert(status);
    await expect(find(domain?.site)).rejects.toThrow(CampaignNotFoundError);
    await expect(findStatus(suite.world.createContext(null), { campaignId: _id }, {})).rejects.toThrow(
      CampaignNotFoundError,
    );
    await expect(find(domain?.site, createActor('read', createId()))).rejects.toThrow(UnauthorizedError);
    await expect(find(domain?.site, createActor('read', _id))).resolves.toMatchObject({ audience: 'full' });
  });

  it('a protected campaign is shown with its password alone, and says that it is protected', async () => {
    const { _id, domain } = await insert('OPEN', await hashPassword('open sesame'));
    await expect(find(domain?.site)).rejects.toThrow(InvalidCampaignPasswordError);
    await expect(find(domain?.site, null, 'open sesame')).resolves.toMatchObject({
      audience: 'public',
      isProtected: true,
    });
    const ctx = suite.world.createContext(null);
    await expect(findStatus(ctx, { campaignId: _id }, {})).rejects.toThrow(InvalidCampaignPasswordError);
    await expect(findStatus(ctx, { domain: domain?.site ?? '' }, { password: 'open sesame' })).resolves.toMatchObject({
      status: { id: _id },
      isProtected: true,
    });
  });

  it('a campaign by its id still needs the permission', async () => {
    const { _id } = await insert('OPEN');
    await expect(findById(suite.world.createContext(null), _id, {})).rejects.toThrow(UnauthorizedError);
  });
});

describe('the status of a campaign', () => {
  const suite = useManagerWorld();

  it('is given by id and by domain, with the dates and nothing else', async () => {
    const { _id, domain, date } = await suite.insert(createCampaignDocument({}, { status: 'OPEN' }));
    const ctx = suite.world.createContext(createActor('read', _id));
    const expected = { id: _id, status: 'OPEN', date };
    for (const by of [{ campaignId: _id }, { domain: domain?.site?.toUpperCase() ?? '' }]) {
      expect((await findStatus(ctx, by, {})).status).toEqual(expected);
    }
  });

  it('needs the permission, then a campaign', async () => {
    const { _id } = await suite.insert();
    const missing = createId();
    const status = (campaignId: string, actor: Actor | null) =>
      findStatus(suite.world.createContext(actor), { campaignId }, {});
    await expect(status(_id, null)).rejects.toThrow(UnauthenticatedError);
    await expect(status(_id, createActor('read', missing))).rejects.toThrow(UnauthorizedError);
    await expect(status(missing, supreme)).rejects.toThrow(CampaignNotFoundError);
  });
});
