import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { supreme } from '../../test/support/manager-world.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { findHistory } from '../managers/campaigns/history.ts';
import { update } from '../managers/campaigns/update.ts';
import { systemActor } from '../system-actor.ts';
import { createLinkedCampaignsEffect } from './linked-campaigns-effect.ts';

const open = '2026-06-01T10:00:00.000Z';
const close = '2026-06-08T10:00:00.000Z';
const sooner = '2026-05-30T10:00:00.000Z';

describe('a change of a schedule', () => {
  const suite = useManagerWorld();
  const effect = () =>
    createLinkedCampaignsEffect({
      createContext: () => suite.world.createContext(systemActor),
      attempts: 3,
      backoff: { baseMs: 1, maxMs: 1 },
    });
  const deliver = (...changes: ChangeRecord[]) => effect().perform(changes, new AbortController().signal);
  const insert = (fields: Partial<CampaignDocument> = {}): Promise<CampaignDocument> =>
    suite.insert(createCampaignDocument({ date: { open, close } }, fields));
  const read = async (campaignId: string): Promise<CampaignDocument> => {
    const found = await suite.campaigns.findById(campaignId);
    if (found === null) throw new Error('There is no such campaign.');
    return found;
  };
  const patch = (campaignId: string, content: Record<string, unknown>) =>
    update(suite.world.createContext(supreme), campaignId, content);
  /** Updates a campaign and gives the change that is to be delivered. */
  const change = async (campaignId: string, content: Record<string, unknown>): Promise<ChangeRecord> => {
    await patch(campaignId, content);
    const [record] = await suite.world.findChanges(campaignId);
    if (record === undefined) throw new Error('The change was not recorded.');
    return record;
  };

  it('reaches each linked campaign, and says in its history where it came from', async () => {
    const [one, other] = [await insert(), await insert()];
    const { _id } = await insert({ linkedCampaignIds: [one._id, other._id] });
    const record = await change(_id, { date: { open: sooner } });
    expect(record.pending.map(delivery => delivery.effect)).toContain('linkedCampaigns');
    await expect(deliver(record)).resolves.toEqual(new Map());
    for (const linked of [one, other]) {
      const campaign = await read(linked._id);
      expect(campaign).toMatchObject({ version: linked.version + 1, date: { open: new Date(sooner) } });
      expect(campaign.date.close).toEqual(new Date(close));
      const page = { page: 0, pageSize: 1 };
      const history = await findHistory(suite.world.createContext(supreme), linked._id, page);
      expect(history.rows).toMatchObject([
        { cause: 'campaign.linked', by: record.by, source: { campaignId: _id, changeId: record._id } },
      ]);
    }
  });

  it('goes one level deep, and so never in a circle', async () => {
    const far = await insert();
    const near = await insert({ linkedCampaignIds: [far._id] });
    const { _id } = await insert({ linkedCampaignIds: [near._id] });
    await deliver(await change(_id, { date: { open: sooner } }));
    const [taken] = await suite.world.findChanges(near._id);
    expect(taken).toMatchObject({ cause: 'campaign.linked' });
    expect(taken?.pending.map(delivery => delivery.effect)).not.toContain('linkedCampaigns');
    await expect(read(far._id)).resolves.toMatchObject({ version: far.version });
  });

  it('takes dates away as well', async () => {
    const window = { presaleWindowStart: '2026-06-10T10:00:00.000Z', presaleWindowEnd: '2026-06-12T10:00:00.000Z' };
    const linked = await insert();
    const { _id } = await insert({ linkedCampaignIds: [linked._id] });
    await deliver(await change(_id, { date: window }));
    await expect(read(linked._id)).resolves.toHaveProperty('date.presaleWindowEnd', new Date(window.presaleWindowEnd));
    await deliver(await change(_id, { date: { presaleWindowStart: null, presaleWindowEnd: null } }));
    await expect(read(linked._id)).resolves.not.toHaveProperty('date.presaleWindowStart');
  });

  it('leaves alone what it did not touch, campaigns that have it already, and those that are INACTIVE', async () => {
    const own = await insert({ date: { ...(await insert()).date, close: new Date('2026-07-01T00:00:00.000Z') } });
    const same = await insert({ date: { ...own.date, open: new Date(sooner) } });
    const inactive = await insert({ status: 'INACTIVE' });
    const { _id } = await insert({ linkedCampaignIds: [own._id, same._id, inactive._id] });
    await deliver(await change(_id, { date: { open: sooner } }));
    await expect(read(own._id)).resolves.toHaveProperty('date.close', new Date('2026-07-01T00:00:00.000Z'));
    await expect(read(same._id)).resolves.toMatchObject({ version: same.version });
    await expect(read(inactive._id)).resolves.toMatchObject({ version: inactive.version });
  });

  it('brings what the campaign has by now, not what a late delivery remembers', async () => {
    const linked = await insert();
    const { _id } = await insert({ linkedCampaignIds: [linked._id] });
    const first = await change(_id, { date: { open: sooner } });
    const second = await change(_id, { date: { open: '2026-05-20T10:00:00.000Z' } });
    await deliver(first);
    await deliver(second);
    await expect(read(linked._id)).resolves.toMatchObject({
      version: linked.version + 1,
      date: { open: new Date('2026-05-20T10:00:00.000Z') },
    });
  });

  it('that is delivered twice does not take back what somebody set in between', async () => {
    const linked = await insert();
    const { _id } = await insert({ linkedCampaignIds: [linked._id] });
    const record = await change(_id, { date: { open: sooner } });
    await deliver(record);
    await patch(linked._id, { date: { open } });
    await deliver(record);
    await expect(read(linked._id)).resolves.toHaveProperty('date.open', new Date(open));
  });

  it('fails, naming the campaign and its reason, where the rules of a linked one refuse, and reaches the others', async () => {
    const early = await insert({ date: { ...(await insert()).date, close: new Date('2026-06-02T00:00:00.000Z') } });
    const other = await insert();
    const { _id } = await insert({ linkedCampaignIds: [early._id, other._id] });
    const record = await change(_id, { date: { open: '2026-06-05T10:00:00.000Z' } });
    const failures = await deliver(record);
    expect([...failures.keys()]).toEqual([record._id]);
    const { error, isRefusal } = failures.get(record._id) ?? {};
    const { message = '' } = error ?? {};
    expect(isRefusal).toBe(true);
    expect(message).toContain(early._id);
    expect(message).toContain('INVALID_CAMPAIGN');
    expect(message).not.toContain(other._id);
    await expect(read(early._id)).resolves.toMatchObject({ version: early.version });
    await expect(read(other._id)).resolves.toHaveProperty('date.open', new Date('2026-06-05T10:00:00.000Z'));
    // The next try goes through once the rule is kept.
    await patch(early._id, { date: { close } });
    await expect(deliver(record)).resolves.toEqual(new Map());
    await expect(read(early._id)).resolves.toHaveProperty('date.open', new Date('2026-06-05T10:00:00.000Z'));
  });

  it('fails where a linked campaign that is open would be left without a date', async () => {
    const linked = await insert({ status: 'OPEN' });
    const { _id } = await insert({ linkedCampaignIds: [linked._id] });
    const failures = await deliver(await change(_id, { date: { close: null } }));
    expect([...failures.values()].map(({ error }) => error.message).join()).toContain('/date/close');
    await expect(read(linked._id)).resolves.toMatchObject({ version: linked.version });
  });

  it('of a campaign that is linked to none any more reaches none', async () => {
    const linked = await insert();
    const { _id } = await insert({ linkedCampaignIds: [linked._id] });
    const record = await change(_id, { date: { open: sooner } });
    await patch(_id, { linkedCampaignIds: null });
    await expect(deliver(record)).resolves.toEqual(new Map());
    await expect(read(linked._id)).resolves.toMatchObject({ version: linked.version });
  });
});
