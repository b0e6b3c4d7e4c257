import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { UnauthorizedError, ValidationError, VersionMismatchError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { createCampaignCache } from '../../services/campaign-cache.ts';
import { type Actor } from '../../policy.ts';
import {
  CampaignNameConflictError,
  CampaignNotFoundError,
  DomainNameConflictError,
  InvalidCampaignError,
  InvalidStatusChangeError,
} from '../../errors.ts';
import { contactManager } from '../contacts.ts';
import { toWire } from './content.ts';
import { type CampaignPatch } from './patch.ts';
import { selectCampaign } from './read.ts';
import { refresh } from './refresh.ts';
import { update, type UpdateCampaignOptions } from './update.ts';

describe('an update of a campaign', () => {
  const suite = useManagerWorld(undefined, {
    // A TTL that no test outlives: what is read after a write must come by the write.
    campaignCache: createCampaignCache({ maxBytes: 10_000_000, ttlMs: 600_000 }),
  });
  const insert = (...parts: Parameters<typeof createCampaignDocument>) =>
    suite.insert(createCampaignDocument(...parts));
  const change = async (
    id: string,
    patch: CampaignPatch,
    options?: UpdateCampaignOptions,
    actor: Actor | null = supreme,
  ) => (await update(suite.world.createContext(actor), id, patch, options)).document;

  it('writes what it changes, counts the version, and says who and when', async () => {
    const before = await insert();
    suite.world.setTime('2026-03-05T00:00:00.000Z');
    const actor = createActor('update', before._id);
    const after = await change(before._id, { tour: { name: 'The Tour' } }, {}, actor);
    const by = await suite.world.datastores.users.findReference(actor.userId);
    expect(after).toMatchObject({
      version: 2,
      tour: { name: 'The Tour' },
      date: { ...before.date, updated: new Date('2026-03-05T00:00:00.000Z') },
      audit: { createdBy: 'maker', updatedBy: by },
    });
    await expect(suite.campaigns.findById(before._id)).resolves.toEqual(after);
  });

  it('is seen at once by whoever reads through the cache', async () => {
    const { _id } = await insert();
    const ctx = suite.world.createContext();
    expect((await selectCampaign(ctx, _id))?.document.version).toBe(1);
    await change(_id, { name: 'Seen at once' });
    expect((await selectCampaign(ctx, _id))?.document.name).toBe('Seen at once');
  });

  it('needs the permission first, then a campaign', async () => {
    const { _id } = await insert();
    for (const actor of [null, createActor('read', _id), createActor('update', createId())]) {
      await expect(change(_id, { name: 'Not mine' }, {}, actor)).rejects.toThrow(UnauthorizedError);
    }
    const missing = createId();
    await expect(change(missing, { name: 'x' })).rejects.toThrow(CampaignNotFoundError);
    await expect(change('no id', { name: 'x' })).rejects.toThrow(CampaignNotFoundError);
    await expect(change(missing, { name: 'x' }, {}, createActor('read', missing))).rejects.toThrow(UnauthorizedError);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ version: 1 });
  });

  it('leaves everything as it is when nothing changes', async () => {
    const before = await insert();
    suite.world.setTime('2026-03-06T00:00:00.000Z');
    const open = '2026-03-02T13:00:00+01:00';
    const patches = [{}, toWire(before), { domain: { site: before.domain?.site?.toUpperCase() } }, { date: { open } }];
    for (const patch of patches) {
      expect(await change(before._id, patch)).toMatchObject({ version: 1, date: before.date, audit: before.audit });
    }
    await expect(suite.world.findChanges(before._id)).resolves.toHaveLength(1);
  });

  it('writes nothing over a version that the caller has not seen', async () => {
    const { _id } = await insert();
    await change(_id, { name: 'Second' }, { expectedVersion: 1 });
    await expect(change(_id, { name: 'Third' }, { expectedVersion: 1 })).rejects.toThrow(VersionMismatchError);
    await expect(change(_id, {}, { expectedVersion: 7 })).rejects.toThrow(VersionMismatchError);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ version: 2, name: 'Second' });
  });

  it('loses no other’s change, however many come at once', async () => {
    const { _id } = await insert();
    const patches = [
      { tour: { name: 'The Tour' } },
      { style: { primaryColor: '#000000' } },
      { style: { textColor: '#ffffff' } },
      { content: { fr: { terms: 'Conditions' } } },
      { content: { en: { email: { subject: 'Hello' } } } },
      { status: 'PREVIEW' },
      { password: 'open sesame' },
    ];
    await Promise.all(patches.map(patch => change(_id, patch)));
    const after = await suite.campaigns.findById(_id);
    expect(after).toMatchObject({
      version: patches.length + 1,
      tour: { name: 'The Tour' },
      style: { primaryColor: '#000000', textColor: '#ffffff' },
      content: { fr: { terms: 'Conditions' }, en: { email: { subject: 'Hello' } } },
      status: 'PREVIEW',
    });
    expect(after?.password).toMatch(/^scrypt\$/);
    const versions = (await suite.world.findChanges(_id)).map(({ version }) => version);
    expect(versions).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('lets one of many win who make the same transition at once', async () => {
    const { _id } = await insert();
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => change(_id, { status: 'OPEN' })));
    // Those who come later find the status that they want.
    expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
    const after = await suite.campaigns.findById(_id);
    expect(after?.statusHistory.map(({ status }) => status)).toEqual(['DRAFT', 'OPEN']);
    expect(after?.version).toBe(2);
  });

  it('records a change of status as one, with its effects', async () => {
    const { _id } = await insert({}, { status: 'OPEN' });
    await change(_id, { status: 'CLOSED' });
    const [record] = await suite.world.findChanges(_id);
    expect(record).toMatchObject({ cause: 'campaign.status', version: 2, campaignId: _id });
    expect(record?.pending.map(({ effect }) => effect)).toEqual([
      'kinesisCampaign',
      'sqsDataPipeline',
      'fastlyPurge',
      'stateBroadcast',
    ]);
  });

  it('records the domain that a campaign gave up', async () => {
    const { _id, domain } = await insert();
    await change(_id, { domain: { site: 'another.example.com' } });
    const [record] = await suite.world.findChanges(_id);
    expect(record).toMatchObject({ cause: 'campaign.updated', oldDomain: domain?.site });
  });

  it('records any other change as an update', async () => {
    const { _id } = await insert();
    await change(_id, { domain: { preview: null } });
    const [record] = await suite.world.findChanges(_id);
    expect(record).toMatchObject({ cause: 'campaign.updated', campaignId: _id, correlation: 'test' });
    expect(record).not.toHaveProperty('oldDomain');
  });

  it('asks for the linked campaigns when a schedule changes that they share', async () => {
    const linked = await insert();
    const { _id } = await insert({}, { linkedCampaignIds: [linked._id] });
    await change(_id, { date: { open: '2026-03-03T00:00:00Z' } });
    const [record] = await suite.world.findChanges(_id);
    expect(record?.pending.map(({ effect }) => effect)).toContain('linkedCampaigns');
  });

  it('is refused when it is no transition, breaks a rule or the schema', async () => {
    const { _id } = await insert();
    await expect(change(_id, { status: 'INACTIVE' })).rejects.toThrow(InvalidStatusChangeError);
    await expect(change(_id, { date: { close: '2026-03-01T00:00:00Z' } })).rejects.toThrow(InvalidCampaignError);
    await expect(change(_id, { artist: { id: '' } })).rejects.toThrow(ValidationError);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ version: 1 });
  });

  it('is refused the domain and the name of another, until that one is INACTIVE', async () => {
    const closed = createCampaignDocument({ name: 'Held' }, { status: 'CLOSED' });
    const holder = await suite.insert({ ...closed, date: { ...closed.date, closed: new Date('2026-01-01') } });
    const { _id } = await insert();
    const site = holder.domain?.site;
    await expect(change(_id, { domain: { site } })).rejects.toThrow(DomainNameConflictError);
    await expect(change(_id, { name: 'held' })).rejects.toThrow(CampaignNameConflictError);
    await refresh(suite.world.createContext(), { batchSize: 10, inactiveAfterDays: 30 });
    await expect(change(_id, { domain: { site }, name: 'held' })).resolves.toMatchObject({ name: 'held' });
  });

  it('stores a password as its hash, keeps it out of history, and takes it away by null', async () => {
    const { _id } = await insert();
    const locked = await change(_id, { password: 'open sesame' });
    expect(locked.password).toMatch(/^scrypt\$/);
    const again = await change(_id, { password: 'open sesame' });
    expect(again.password).not.toBe(locked.password);
    await expect(change(_id, { password: null })).resolves.not.toHaveProperty('password');
    await expect(change(_id, { password: null })).resolves.toMatchObject({ version: 4 });
    await expect(change(_id, { password: 42 })).rejects.toThrow(ValidationError);
    const history = JSON.stringify(await suite.world.findChanges(_id));
    expect(history).not.toContain('scrypt');
    expect(history).not.toContain('open sesame');
  });

  it('is refused where the campaign as a whole would be too large, however small the update is', async () => {
    const { _id } = await insert();
    const answer = 'é'.repeat(9_000);
    const faqs = (from: number) =>
      Object.fromEntries(Array.from({ length: 10 }, (_, at) => [randomUUID(), { question: `${from + at}`, answer }]));
    let made = 0;
    const grow = async (): Promise<void> => {
      for (; made < 20; made += 1) await change(_id, { content: { en: { faqs: faqs(10 * made) } } });
    };
    await expect(grow()).rejects.toMatchObject({
      type: 'VALIDATION_ERROR',
      details: [{ message: expect.stringMatching(/at most/) }],
    });
    expect(made).toBeGreaterThan(0);
    const { version } = await change(_id, { name: 'It can still be changed' });
    expect(version).toBe(2 + made);
  });

  describe('that names others', () => {
    it('may link campaigns that exist and that the caller may update, and not the campaign itself', async () => {
      const [{ _id }, linked, other] = [await insert(), await insert(), await insert()];
      const own = createActor('update', _id, linked._id);
      const link = (ids: string[], actor: Actor = own) => change(_id, { linkedCampaignIds: ids }, {}, actor);
      await expect(link([linked._id])).resolves.toMatchObject({ linkedCampaignIds: [linked._id] });
      await expect(link([linked._id, other._id])).rejects.toThrow(UnauthorizedError);
      await expect(link([linked._id, _id])).rejects.toMatchObject({
        details: [{ path: '/linkedCampaignIds/1', message: 'is the campaign itself' }],
      });
      await expect(link([linked._id, createId()], supreme)).rejects.toMatchObject({
        type: 'INVALID_CAMPAIGN',
        details: [{ path: '/linkedCampaignIds/1', message: 'does not exist' }],
      });
    });

    it('can be read and sent back by whoever may update the campaign alone', async () => {
      const linked = await insert();
      const { _id } = await insert({}, { linkedCampaignIds: [linked._id] });
      const actor = createActor('update', _id);
      const read = toWire(await change(_id, {}, {}, actor));
      await expect(change(_id, { ...read, name: 'Edited' }, {}, actor)).resolves.toMatchObject({
        name: 'Edited',
        linkedCampaignIds: [linked._id],
      });
      await expect(change(_id, { linkedCampaignIds: null }, {}, actor)).resolves.not.toHaveProperty(
        'linkedCampaignIds',
      );
      await expect(change(_id, { linkedCampaignIds: [linked._id] }, {}, actor)).rejects.toThrow(UnauthorizedError);
    });

    it('may name contacts that exist; one that was deleted since it was named does no harm', async () => {
      const ctx = suite.world.createContext();
      const { _id: contactId } = await contactManager.create(ctx, { name: 'Somebody' });
      const { _id } = await insert();
      await change(_id, { contacts: [contactId] });
      await contactManager.remove(ctx, contactId);
      const read = toWire(await change(_id, {}));
      await expect(change(_id, { ...read, name: 'Edited still' })).resolves.toMatchObject({ contacts: [contactId] });
      await expect(change(_id, { contacts: [contactId, createId()] })).rejects.toMatchObject({
        details: [{ path: '/contacts/1', message: 'does not exist' }],
      });
    });

    it('names contacts of other campaigns for supreme users alone: who names one can read it', async () => {
      const { _id: contactId } = await contactManager.create(suite.world.createContext(), { name: 'Somebody' });
      const { _id } = await insert();
      const actor = createActor('update', _id);
      await expect(change(_id, { contacts: [contactId] }, {}, actor)).rejects.toThrow(UnauthorizedError);
      await change(_id, { contacts: [contactId] });
      await expect(change(_id, { contacts: [contactId], name: 'Kept' }, {}, actor)).resolves.toMatchObject({
        contacts: [contactId],
      });
      await expect(change(_id, { contacts: null }, {}, actor)).resolves.not.toHaveProperty('contacts');
    });

    it('is refused with a fault of the schema where ids are none', async () => {
      const { _id } = await insert();
      await expect(change(_id, { contacts: 'all', linkedCampaignIds: [7] })).rejects.toThrow(ValidationError);
    });
  });
});
