import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/app.ts';
import { type ManagerContext } from '../context.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { seedLoad } from './load/seed-load.ts';
import { isEmpty, writeDemo } from './seed.ts';

const everything = { readable: 'all', sortBy: 'name', direction: 1, page: 0, pageSize: 100 } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

describe('the demo', () => {
  let test: TestApp;
  let ctx: ManagerContext;
  let campaigns: readonly CampaignDocument[];

  const find = (slug: string): CampaignDocument => {
    const found = campaigns.find(({ identifier }) => identifier === slug);
    if (found === undefined) throw new Error(`There is no campaign ${slug}.`);
    return found;
  };

  beforeAll(async () => {
    test = await startTestApp();
    ctx = test.app.contexts.forSystem('test');
    expect(await isEmpty(ctx)).toBe(true);
    expect(await writeDemo(ctx)).toEqual({ campaigns: 12, markets: 60 });
    campaigns = (await test.app.datastores.campaigns.list(everything)).rows;
  });

  afterAll(() => test.stop());

  it('has campaigns of every status, of both types and both versions of the schema', () => {
    const shown = (select: (campaign: CampaignDocument) => unknown): unknown[] =>
      [...new Set(campaigns.map(select))].sort();
    expect(shown(({ status }) => status)).toEqual(['CLOSED', 'DRAFT', 'INACTIVE', 'OPEN', 'PREVIEW']);
    expect(shown(({ type }) => type)).toEqual(['fanlist', 'registration']);
    expect(shown(({ schema }) => schema.version)).toEqual([1, 2]);
  });

  it('has texts in seven locales', () => {
    const locales = campaigns.flatMap(({ content }) => Object.keys(content ?? {}));
    expect([...new Set(locales)].sort()).toEqual(['de-DE', 'en-CA', 'en-GB', 'en-US', 'es-MX', 'fr-CA', 'fr-FR']);
  });

  it('reached each status by its transitions, in the past', () => {
    const { statusHistory, domain, date } = find('quiet-engines-signal-fires');
    expect(statusHistory.map(({ status }) => status)).toEqual(['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED', 'INACTIVE']);
    expect(domain?.site).toBeUndefined();
    const daysSince = (test.now().getTime() - (date.closed?.getTime() ?? NaN)) / DAY_MS;
    expect(daysSince).toBeGreaterThan(39);
    expect(daysSince).toBeLessThan(41);
    const instants = statusHistory.map(entry => entry.date.getTime());
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
  });

  it('links two campaigns to each other', () => {
    const [canada, usa] = [find('paper-lanterns-canada'), find('paper-lanterns-usa')];
    expect([canada.linkedCampaignIds, usa.linkedCampaignIds]).toEqual([[usa._id], [canada._id]]);
  });

  it('protects one campaign by a password', async () => {
    const domain = find('odette-marlow-secret-show').domain?.site ?? '';
    const anonymous: ManagerContext = { ...ctx, actor: null, service: { ...ctx.service, publicReads: true } };
    await expect(campaignManager.findByDomain(anonymous, domain, {})).rejects.toMatchObject({
      type: 'INVALID_CAMPAIGN_PASSWORD',
    });
    await expect(campaignManager.findByDomain(anonymous, domain, { password: 'lamplight' })).resolves.toBeDefined();
  });

  it('has presales that fans are to be reminded of', async () => {
    const { rows } = await marketManager.findUpcoming(ctx, { page: 0, pageSize: 10 });
    expect(rows.map(({ name }) => name).sort()).toEqual(['Austin', 'New Orleans', 'Portland', 'San Francisco']);
    expect(rows.every(({ notification }) => notification?.notified === false)).toBe(true);
  });

  it('has nothing for the refresh to do at first, and a campaign that opens within minutes', async () => {
    expect(await campaignManager.refresh(ctx, ctx.service.refreshOptions)).toMatchObject({
      opened: 0,
      closed: 0,
      inactivated: 0,
      failedCount: 0,
    });
    test.advance({ minutes: 6 });
    expect(await campaignManager.refresh(ctx, ctx.service.refreshOptions)).toMatchObject({ opened: 1, failedCount: 0 });
  });

  it('is there, and a second go at it changes nothing, weeks later either', async () => {
    expect(await isEmpty(ctx)).toBe(false);
    test.advance({ days: 20 });
    const before = await campaignManager.list(ctx, everything);
    await writeDemo(ctx);
    expect(await campaignManager.list(ctx, everything)).toEqual(before);
  });
});

describe('the load', () => {
  it('spreads statuses, keeps the rules, leaves a fifth to the next refresh, and can be added to', async () => {
    const test = await startTestApp();
    const ctx = test.app.contexts.forSystem('test');
    try {
      expect(await seedLoad(ctx, { campaigns: 60 })).toEqual({ campaigns: 60 });
      expect(await seedLoad(ctx, { campaigns: 40 })).toEqual({ campaigns: 40 });
      const { rows } = await test.app.datastores.campaigns.list(everything);
      expect(rows).toHaveLength(100);
      const refreshed = await campaignManager.refresh(ctx, ctx.service.refreshOptions);
      expect(refreshed).toMatchObject({ opened: 10, closed: 5, inactivated: 5, failedCount: 0 });
      // What the API would refuse could not be edited: a patch validates the whole.
      for (const { _id } of rows) await campaignManager.update(ctx, _id, { tour: { name: 'Another' } });
    } finally {
      await test.stop();
    }
  });
});
