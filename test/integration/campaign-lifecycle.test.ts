import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CampaignDocument } from '../../app/datastore/campaign-document.ts';
import { spec as campaigns } from '../../app/datastore/campaigns.ts';
import { type Campaign, type CampaignStatus, campaignStatuses } from '../../schemas/campaign.ts';
import { type CampaignWrite } from '../../schemas/campaign-draft.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildDraft, createCampaign } from '../support/factories.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

interface RefreshResult {
  readonly opened: number;
  readonly closed: number;
  readonly inactivated: number;
  readonly failedCount: number;
  readonly failed: readonly { readonly campaignId: string; readonly type: string }[];
}

describe('the life of a campaign', () => {
  let test: TestApp;
  let openDate: string;
  let closeDate: string;
  beforeAll(async () => {
    test = await startTestApp({ variables: { REFRESH_BATCH_SIZE: '2' } });
  });
  afterAll(() => test.stop());

  // What earlier tests left behind comes to its end, so that a test's refresh meets the test's own campaigns alone.
  beforeEach(async () => {
    test.advance({ days: 40 });
    await refresh();
    test.advance({ days: 40 });
    expect(await refresh()).toMatchObject({ failedCount: 0 });
    const now = test.now().getTime();
    openDate = new Date(now + DAY_MS).toISOString();
    closeDate = new Date(now + 10 * DAY_MS).toISOString();
  });

  const create = (overrides: Partial<CampaignWrite> = {}): Promise<Campaign> =>
    createCampaign(test.client, { date: { open: openDate, close: closeDate }, ...overrides });

  const read = async (id: string): Promise<Campaign> => (await test.client.get<Campaign>(`/campaigns/${id}`)).data;
  const setStatus = (id: string, status: CampaignStatus, fields: object = {}) =>
    test.client.patch<Campaign>(`/campaigns/${id}`, { ...fields, status });
  const refresh = async (): Promise<RefreshResult> =>
    (await test.client.post<RefreshResult>('/campaigns/refresh')).data;
  const historyOf = ({ statusHistory }: Campaign): string[] => statusHistory.map(({ status }) => status);

  /** Brings a new campaign to a status by the shortest way. */
  const reach = async (status: CampaignStatus): Promise<Campaign> => {
    const { _id } = await create();
    if (status === 'PREVIEW') await setStatus(_id, 'PREVIEW');
    if (status === 'OPEN' || status === 'CLOSED' || status === 'INACTIVE') await setStatus(_id, 'OPEN');
    if (status === 'CLOSED' || status === 'INACTIVE') await setStatus(_id, 'CLOSED');
    if (status === 'INACTIVE') {
      test.advance({ days: 31 });
      await refresh();
    }
    return read(_id);
  };

  describe('by hand', () => {
    const transitions: Readonly<Record<CampaignStatus, readonly CampaignStatus[]>> = {
      DRAFT: ['PREVIEW', 'OPEN'],
      PREVIEW: ['DRAFT', 'OPEN'],
      OPEN: ['CLOSED'],
      // INACTIVE is the refresh's alone.
      CLOSED: [],
      INACTIVE: [],
    };

    it.each(campaignStatuses)('%s leads where the state machine says, and nowhere else', async from => {
      for (const to of campaignStatuses.filter(status => status !== from)) {
        const campaign = await reach(from);
        expect(campaign.status).toBe(from);
        const answer = await setStatus(campaign._id, to);
        const isAllowed = transitions[from].includes(to);
        expect([from, to, answer.errorType]).toEqual([
          from,
          to,
          isAllowed ? undefined : 'INVALID_CAMPAIGN_STATUS_CHANGE',
        ]);
        const after = await read(campaign._id);
        expect(after.status).toBe(isAllowed ? to : from);
        expect(historyOf(after)).toEqual(isAllowed ? [...historyOf(campaign), to] : historyOf(campaign));
      }
    });

    it('the status that a campaign has already changes nothing', async () => {
      const open = await reach('OPEN');
      const { data } = await setStatus(open._id, 'OPEN');
      expect(data.version).toBe(open.version);
    });

    it('opening sets date.opened and drops the preview, closing sets date.closed', async () => {
      const draft = await create();
      expect(draft.domain).toHaveProperty('preview');
      const { data: open } = await setStatus(draft._id, 'OPEN');
      expect(open.domain).toEqual({ site: draft.domain?.site });
      expect(Date.parse(open.date.opened ?? '')).toBeGreaterThanOrEqual(Date.parse(draft.date.created));
      expect(open.date).not.toHaveProperty('closed');
      const { data: closed } = await setStatus(draft._id, 'CLOSED');
      expect(closed.date.closed).toBeDefined();
      expect(closed.date.opened).toBe(open.date.opened);
    });

    it.each(['PREVIEW', 'OPEN'] as const)('an incomplete draft cannot become %s; every fault is named', async to => {
      const { data: draft } = await test.client.post<Campaign>('/campaigns', buildDraft());
      const { error } = await setStatus(draft._id, to);
      expect(error.type).toBe('VALIDATION_ERROR');
      expect(error.details?.map(({ path }) => path).sort()).toEqual([
        '/artist',
        '/content',
        '/date/close',
        '/date/open',
        '/domain',
        '/locales',
        '/referenceTimezone',
      ]);
      expect(await read(draft._id)).toEqual(draft);
    });

    it('one patch may complete a draft and open it', async () => {
      const { _id, artist } = await create();
      await test.client.patch(`/campaigns/${_id}`, { artist: null });
      expect((await setStatus(_id, 'OPEN')).error.type).toBe('VALIDATION_ERROR');
      expect((await setStatus(_id, 'OPEN', { artist })).data.status).toBe('OPEN');
    });
  });

  describe('by the refresh', () => {
    it('opens what is due, from DRAFT and PREVIEW alike, and nothing before its time', async () => {
      const draft = await reach('DRAFT');
      const preview = await reach('PREVIEW');
      expect(await refresh()).toMatchObject({ opened: 0 });
      test.setTime(openDate);
      expect(await refresh()).toEqual({ opened: 2, closed: 0, inactivated: 0, failedCount: 0, failed: [] });
      for (const { _id } of [draft, preview]) expect(await read(_id)).toMatchObject({ status: 'OPEN' });
      expect(await refresh()).toMatchObject({ opened: 0 });
    });

    it('takes several steps in one refresh, in order', async () => {
      const { _id } = await reach('PREVIEW');
      test.setTime(closeDate);
      expect(await refresh()).toMatchObject({ opened: 1, closed: 1, inactivated: 0 });
      const campaign = await read(_id);
      expect(historyOf(campaign)).toEqual(['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED']);
      expect(campaign.version).toBe(4);
      expect(campaign.statusHistory.slice(2).map(({ by }) => by)).toEqual(['system', 'system']);
    });

    it('retires a campaign thirty days after it closed, and no sooner', async () => {
      const { _id } = await reach('CLOSED');
      test.advance({ days: 30, minutes: -1 });
      expect(await refresh()).toMatchObject({ inactivated: 0 });
      test.advance({ minutes: 1 });
      expect(await refresh()).toMatchObject({ inactivated: 1 });
      const campaign = await read(_id);
      expect(campaign.date.inactivated).toBeDefined();
      expect(campaign.domain?.site).toBeUndefined();
    });

    it('names the drafts that cannot open, and opens the others', async () => {
      const incomplete = await Promise.all(
        [1, 2, 3].map(async () => {
          const made = await test.client.post<Campaign>('/campaigns', buildDraft({ date: { open: openDate } }));
          return made.data._id;
        }),
      );
      const complete = await Promise.all([1, 2, 3, 4].map(async () => (await create())._id));
      test.setTime(openDate);
      const result = await refresh();
      expect(result).toMatchObject({ opened: 4, failedCount: 3 });
      expect([...result.failed].sort((a, b) => (a.campaignId < b.campaignId ? -1 : 1))).toEqual(
        incomplete.sort().map(campaignId => ({ campaignId, type: 'VALIDATION_ERROR' })),
      );
      for (const id of complete) expect(await read(id)).toMatchObject({ status: 'OPEN', version: 2 });
      for (const id of incomplete) {
        expect(await read(id)).toMatchObject({ status: 'DRAFT', version: 1 });
        await test.client.patch(`/campaigns/${id}`, { date: { open: null } });
      }
    });

    it('goes through batches without leaving out or repeating any, also where dates are equal', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 9; at++) {
        const open = at < 5 ? openDate : new Date(Date.parse(openDate) - at * 60_000).toISOString();
        ids.push((await create({ date: { open, close: closeDate } }))._id);
      }
      test.setTime(openDate);
      expect(await refresh()).toMatchObject({ opened: 9, failedCount: 0 });
      for (const id of ids) expect(historyOf(await read(id))).toEqual(['DRAFT', 'OPEN']);
    });

    it('three at once share the work: each transition happens once', async () => {
      const campaigns = await Promise.all(Array.from({ length: 12 }, () => create()));
      test.setTime(closeDate);
      const results = await Promise.all([refresh(), refresh(), refresh()]);
      const sum = (field: 'opened' | 'closed'): number => results.reduce((total, result) => total + result[field], 0);
      expect([sum('opened'), sum('closed')]).toEqual([12, 12]);
      expect(results.map(({ failedCount }) => failedCount)).toEqual([0, 0, 0]);
      for (const { _id } of campaigns) {
        const campaign = await read(_id);
        expect([campaign.version, historyOf(campaign)]).toEqual([3, ['DRAFT', 'OPEN', 'CLOSED']]);
      }
    });

    it('is written down as the doing of the service, without a user', async () => {
      const { _id } = await create();
      test.setTime(openDate);
      await refresh();
      const { data } = await test.client.get<Record<string, unknown>[]>(`/campaigns/${_id}/history`);
      expect(data[0]).toMatchObject({ cause: 'campaign.status', by: 'system', version: 2 });
      expect(data[0]).not.toHaveProperty('userId');
    });
  });

  describe('INACTIVE', () => {
    it('frees the domain and the name by unsetting them', async () => {
      const retired = await reach('INACTIVE');
      const stored = await test.app.store.collection<CampaignDocument>(campaigns).findOne({ _id: retired._id });
      expect(stored?.domain).not.toHaveProperty('site');
      expect(stored).not.toHaveProperty('nameKey');
      const site = 'free-again.example.com';
      const before = await create({ name: 'Free again', domain: { site } });
      await setStatus(before._id, 'OPEN');
      await setStatus(before._id, 'CLOSED');
      test.advance({ days: 31 });
      await refresh();
      const heir = await create({ name: 'Free again', domain: { site } });
      const found = await test.client.get<Campaign>('/campaigns', { query: { domain: site } });
      expect(found.data._id).toBe(heir._id);
    });

    it('never gets a domain again', async () => {
      const { _id } = await reach('INACTIVE');
      const answer = await test.client.patch(`/campaigns/${_id}`, { domain: { site: 'again.example.com' } });
      expect(answer.error.type).toBe('INVALID_CAMPAIGN');
    });
  });
});
