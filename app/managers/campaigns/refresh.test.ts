import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createActor, type ManagerWorld, openManagerWorld } from '../../../test/support/manager-world.ts';
import { ServiceUnavailableError, TimeoutError, UnauthorizedError } from '../../../lib/errors.ts';
import { type Logger } from '../../../lib/log.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type CampaignsDatastore } from '../../datastore/campaigns.ts';
import { createCampaignCache } from '../../services/campaign-cache.ts';
import { type RefreshCounts } from '../../services/refresh-options.ts';
import { systemActor } from '../../system-actor.ts';
import { selectCampaign } from './read.ts';
import { refresh, type RefreshResult } from './refresh.ts';
import { update } from './update.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const now = new Date('2026-06-01T12:00:00.000Z');
const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();
const ahead = (ms: number): string => ago(-ms);
const options = { batchSize: 200, inactiveAfterDays: 30 };
const nothing: RefreshResult = { opened: 0, closed: 0, inactivated: 0, failedCount: 0, failed: [] };

describe('a refresh', () => {
  let world: ManagerWorld;
  beforeEach(async () => {
    // A TTL that no test outlives: what is read after a refresh must come by the refresh.
    world = await openManagerWorld({ campaignCache: createCampaignCache({ maxBytes: 10_000_000, ttlMs: 600_000 }) });
    world.setTime(now.toISOString());
  });
  afterEach(() => world.close());

  const run = (overrides: Partial<typeof options> = {}, ctx: ManagerContext = world.createContext(systemActor)) =>
    refresh(ctx, { ...options, ...overrides });
  const insert = (...parts: Parameters<typeof createCampaignDocument>) =>
    world.insertCampaign(createCampaignDocument(...parts));
  const insertDue = (open = ago(1000)) => insert({ date: { open, close: ahead(DAY_MS) } });
  const insertClosed = (closed: string) => {
    const campaign = createCampaignDocument({}, { status: 'CLOSED' });
    return world.insertCampaign({ ...campaign, date: { ...campaign.date, closed: new Date(closed) } });
  };
  /** A campaign that cannot open: it has no artist. */
  const insertIncomplete = () => {
    const { artist: _none, ...draft } = createCampaignDocument({ date: { open: ago(1000), close: ahead(DAY_MS) } });
    return world.insertCampaign(draft);
  };
  const find = async ({ _id }: { readonly _id: string }): Promise<CampaignDocument> => {
    const found = await world.datastores.campaigns.findById(_id);
    if (found === null) throw new Error('There is no such campaign.');
    return found;
  };
  const pathOf = (campaign: CampaignDocument): string[] => campaign.statusHistory.map(({ status }) => status);
  /** A context whose datastore of campaigns has other functions in some places. */
  const contextWith = (functions: Partial<CampaignsDatastore>): ManagerContext => {
    const ctx = world.createContext(systemActor);
    return { ...ctx, datastore: { ...ctx.datastore, campaigns: { ...ctx.datastore.campaigns, ...functions } } };
  };

  it('opens drafts and previews whose time has come, the instant itself included, and no others', async () => {
    const [draft, preview, exact, early] = [
      await insertDue(),
      await insert({ date: { open: ago(DAY_MS), close: ahead(1) } }, { status: 'PREVIEW' }),
      await insertDue(now.toISOString()),
      await insertDue(ahead(1)),
    ];
    const undated = await insert({ date: {} });
    await expect(run()).resolves.toEqual({ ...nothing, opened: 3 });
    for (const campaign of [draft, preview, exact]) {
      const opened = await find(campaign);
      expect(opened).toMatchObject({ status: 'OPEN', version: 2, date: { opened: now, updated: now } });
      expect(opened.domain).not.toHaveProperty('preview');
      expect(opened.statusHistory.at(-1)).toEqual({ status: 'OPEN', date: now, by: 'system' });
      expect(opened.audit).toEqual({ createdBy: 'maker', updatedBy: 'system' });
    }
    for (const campaign of [early, undated]) await expect(find(campaign)).resolves.toMatchObject({ status: 'DRAFT' });
  });

  it('closes what is open and whose time is over, and leaves a fan list open that has no end', async () => {
    const over = await insert({ date: { open: ago(2 * DAY_MS), close: now.toISOString() } }, { status: 'OPEN' });
    const running = await insert({ date: { open: ago(DAY_MS), close: ahead(1) } }, { status: 'OPEN' });
    const fanList = await insert({ type: 'fanlist', date: { open: ago(DAY_MS) } }, { status: 'OPEN' });
    await expect(run()).resolves.toEqual({ ...nothing, closed: 1 });
    await expect(find(over)).resolves.toMatchObject({ status: 'CLOSED', date: { closed: now } });
    for (const campaign of [running, fanList]) await expect(find(campaign)).resolves.toMatchObject({ status: 'OPEN' });
  });

  it('retires what has been closed for thirty days, and frees its domain and its name', async () => {
    const old = await insertClosed(ago(30 * DAY_MS));
    const recent = await insertClosed(ago(30 * DAY_MS - 1));
    await expect(run()).resolves.toEqual({ ...nothing, inactivated: 1 });
    const inactive = await find(old);
    expect(inactive).toMatchObject({ status: 'INACTIVE', date: { inactivated: now } });
    expect(inactive.domain).not.toHaveProperty('site');
    await expect(find(recent)).resolves.toMatchObject({ status: 'CLOSED' });
    await expect(insert({ name: old.name, domain: { site: old.domain?.site ?? '' } })).resolves.toBeDefined();
  });

  it('takes a campaign through all the steps that are due, in order, in one run', async () => {
    const late = await insert({ date: { open: ago(3 * DAY_MS), close: ago(2 * DAY_MS) } });
    await expect(run()).resolves.toEqual({ ...nothing, opened: 1, closed: 1 });
    const after = await find(late);
    expect(pathOf(after)).toEqual(['DRAFT', 'OPEN', 'CLOSED']);
    expect(after.version).toBe(3);
    await expect(world.findChanges(late._id)).resolves.toHaveLength(3);
  });

  it('records each step as a change of the status by the system, with its effects', async () => {
    const { _id, domain } = await insertClosed(ago(31 * DAY_MS));
    await run();
    const [change] = await world.findChanges(_id);
    expect(change).toMatchObject({ cause: 'campaign.status', by: 'system', version: 2, oldDomain: domain?.site });
    expect(change?.pending.map(({ effect }) => effect)).toEqual([
      'kinesisCampaign',
      'sqsDataPipeline',
      'fastlyPurge',
      'stateBroadcast',
    ]);
  });

  it('names incomplete drafts, and is not stopped by them, whatever the batches are', async () => {
    const incomplete = [await insertIncomplete(), await insertIncomplete(), await insertIncomplete()];
    const due = [await insertDue(), await insertDue(ago(500)), await insertDue(ago(2000))];
    for (const [at, batchSize] of [1, 2, 3, 6, 7].entries()) {
      const { failed, ...counts } = await run({ batchSize });
      expect(counts).toEqual({ ...counts, opened: at === 0 ? due.length : 0, failedCount: incomplete.length });
      expect([...failed].sort((a, b) => (a.campaignId < b.campaignId ? -1 : 1))).toEqual(
        incomplete
          .map(({ _id }) => _id)
          .sort()
          .map(campaignId => ({ campaignId, type: 'VALIDATION_ERROR' })),
      );
    }
    for (const campaign of due) await expect(find(campaign)).resolves.toMatchObject({ status: 'OPEN', version: 2 });
    for (const campaign of incomplete) await expect(find(campaign)).resolves.toMatchObject({ version: 1 });
  });

  it('names a hundred that failed, and counts them all', async () => {
    await Promise.all(Array.from({ length: 103 }, insertIncomplete));
    const { failed, failedCount } = await run({ batchSize: 50 });
    expect({ named: failed.length, failedCount }).toEqual({ named: 100, failedCount: 103 });
  });

  it('meets every campaign once although many share a date, whatever the batches are', async () => {
    const due = await Promise.all(Array.from({ length: 12 }, () => insertDue()));
    await expect(run({ batchSize: 5 })).resolves.toEqual({ ...nothing, opened: due.length });
  });

  it('does nothing more when it is repeated', async () => {
    const campaigns = [await insertDue(), await insertClosed(ago(31 * DAY_MS))];
    await run();
    await expect(run()).resolves.toEqual(nothing);
    for (const campaign of campaigns) {
      await expect(world.findChanges(campaign._id)).resolves.toHaveLength(2);
    }
  });

  it('shares the work with another that runs at the same time: each step is made and counted once', async () => {
    const campaigns = await Promise.all(
      Array.from({ length: 20 }, () => insert({ date: { open: ago(2 * DAY_MS), close: ago(DAY_MS) } })),
    );
    const results = await Promise.all([run({ batchSize: 3 }), run({ batchSize: 4 }), run()]);
    // One may be through with a pass before the other has opened everything; a last one finds what is left.
    results.push(await run());
    const sum = (of: (result: RefreshResult) => number): number => results.reduce((all, one) => all + of(one), 0);
    expect(sum(({ opened }) => opened)).toBe(20);
    expect(sum(({ closed }) => closed)).toBe(20);
    expect(sum(({ failedCount }) => failedCount)).toBe(0);
    for (const campaign of campaigns) {
      const after = await find(campaign);
      expect(pathOf(after)).toEqual(['DRAFT', 'OPEN', 'CLOSED']);
      expect(after.version).toBe(3);
    }
  });

  it('leaves alone what an operator changed after it was found to be due', async () => {
    const [postponed, opened] = [await insertDue(), await insertDue()];
    const findDue: CampaignsDatastore['findDue'] = async query => {
      const found = await world.datastores.campaigns.findDue(query);
      if (query.status === 'DRAFT') {
        await update(world.createContext(), postponed._id, { date: { open: ahead(1000) } });
        await update(world.createContext(), opened._id, { status: 'OPEN' });
      }
      return found;
    };
    await expect(run({}, contextWith({ findDue }))).resolves.toEqual(nothing);
    await expect(find(postponed)).resolves.toMatchObject({ status: 'DRAFT', version: 2 });
    expect(pathOf(await find(opened))).toEqual(['DRAFT', 'OPEN']);
  });

  it('is not stopped by a campaign that cannot be written, and says why', async () => {
    const [broken, away, due] = [await insertDue(), await insertDue(), await insertDue()];
    const writing: CampaignsDatastore['update'] = async (id, ...rest) => {
      if (id === broken._id) throw new TypeError('a fault of ours');
      if (id === away._id) throw new ServiceUnavailableError('mongodb');
      return world.datastores.campaigns.update(id, ...rest);
    };
    const lines: [string, string][] = [];
    const ctx = contextWith({ update: writing });
    const log: Logger = {
      ...ctx.log,
      error: message => void lines.push(['error', message]),
      warn: message => void lines.push(['warn', message]),
      info: message => void lines.push(['info', message]),
    };
    const { failed, ...counts } = await run({}, { ...ctx, log });
    expect(counts).toEqual({ opened: 1, closed: 0, inactivated: 0, failedCount: 2 });
    expect(failed).toContainEqual({ campaignId: broken._id, type: 'INTERNAL_ERROR' });
    expect(failed).toContainEqual({ campaignId: away._id, type: 'SERVICE_UNAVAILABLE' });
    // Someone must act on a fault of ours; the others are met again.
    expect(lines.sort()).toEqual([
      ['error', 'campaign.notMoved'],
      ['info', 'campaign.moved'],
      ['warn', 'campaign.notMoved'],
    ]);
    await expect(find(due)).resolves.toMatchObject({ status: 'OPEN' });
  });

  it('ends when its deadline passes; what was moved is moved, and the next one goes on from there', async () => {
    const due = await Promise.all(Array.from({ length: 6 }, (_, at) => insertDue(ago(1000 + at))));
    const controller = new AbortController();
    let batches = 0;
    const findDue: CampaignsDatastore['findDue'] = async query => {
      batches += 1;
      if (batches === 3) controller.abort();
      return world.datastores.campaigns.findDue(query);
    };
    const ctx = { ...contextWith({ findDue }), signal: controller.signal };
    await expect(run({ batchSize: 2 }, ctx)).rejects.toThrow(TimeoutError);
    const moved = (await Promise.all(due.map(find))).filter(({ status }) => status === 'OPEN');
    expect(moved).toHaveLength(4);
    await expect(run({ batchSize: 2 })).resolves.toEqual({ ...nothing, opened: 2 });
  });

  it('is seen at once by whoever reads through the cache', async () => {
    const { _id } = await insertDue();
    const ctx = world.createContext();
    expect((await selectCampaign(ctx, _id))?.document.status).toBe('DRAFT');
    await run();
    expect((await selectCampaign(ctx, _id))?.document.status).toBe('OPEN');
  });

  it('is for supreme users and the service itself alone', async () => {
    const { _id } = await insertDue();
    for (const actor of [null, createActor('update', _id)]) {
      await expect(run({}, world.createContext(actor))).rejects.toThrow(UnauthorizedError);
    }
    await expect(find({ _id })).resolves.toMatchObject({ status: 'DRAFT' });
    await expect(run({}, world.createContext())).resolves.toMatchObject({ opened: 1 });
  });

  it('tells what it did', async () => {
    await Promise.all([insertDue(), insertIncomplete()]);
    const told: RefreshCounts[] = [];
    await refresh(world.createContext(), { ...options, onDone: counts => void told.push(counts) });
    expect(told).toEqual([{ opened: 1, closed: 0, inactivated: 0, failedCount: 1 }]);
  });
});
