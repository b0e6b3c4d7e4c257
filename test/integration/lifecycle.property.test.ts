import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Campaign, type CampaignStatus, campaignStatuses } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** One thing that somebody does with a campaign. */
type Act =
  | { readonly kind: 'status'; readonly to: CampaignStatus }
  | { readonly kind: 'refresh'; readonly times: number }
  | { readonly kind: 'wait'; readonly days: number }
  | { readonly kind: 'dates'; readonly open: number; readonly close: number }
  | { readonly kind: 'empty' };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('status' as const), to: fc.constantFrom(...campaignStatuses) }),
  fc.record({ kind: fc.constant('refresh' as const), times: fc.constantFrom(1, 1, 3) }),
  fc.record({ kind: fc.constant('wait' as const), days: fc.constantFrom(1, 5, 31) }),
  fc.record({
    kind: fc.constant('dates' as const),
    open: fc.integer({ min: -3, max: 6 }),
    close: fc.integer({ min: -2, max: 9 }),
  }),
  fc.record({ kind: fc.constant('empty' as const) }),
);

/** Every step that the state machine has, whoever takes it. */
const steps: readonly string[] = [
  'DRAFT PREVIEW',
  'PREVIEW DRAFT',
  'DRAFT OPEN',
  'PREVIEW OPEN',
  'OPEN CLOSED',
  'CLOSED INACTIVE',
];

describe('the state machine of campaigns', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  const perform = async (id: string, one: Act): Promise<void> => {
    const at = (days: number): string => new Date(test.now().getTime() + days * DAY_MS).toISOString();
    const path = `/campaigns/${id}`;
    switch (one.kind) {
      case 'status':
        return void (await test.client.patch(path, { status: one.to }));
      case 'refresh':
        return void (await Promise.all(
          Array.from({ length: one.times }, () => test.client.post('/campaigns/refresh')),
        ));
      case 'wait':
        return test.advance({ days: one.days });
      case 'dates':
        return void (await test.client.patch(path, { date: { open: at(one.open), close: at(one.close) } }));
      case 'empty':
        return void (await test.client.patch(path, { artist: null }));
    }
  };

  const read = async (id: string): Promise<Campaign> =>
    (await test.client.get<Campaign>(`/campaigns/${id}`, { query: { showAllLocales: true } })).data;

  it('is left by no sequence of requests and refreshes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 14 }), async acts => {
        const { _id } = await createCampaign(test.client);
        let before = await read(_id);
        for (const one of acts) {
          await perform(_id, one);
          const after = await read(_id);
          const { status, statusHistory, version, date, domain } = after;
          const path = statusHistory.map(entry => entry.status);
          expect(path[0]).toBe('DRAFT');
          expect(path.at(-1)).toBe(status);
          for (let at = 1; at < path.length; at++) expect(steps).toContain(`${path[at - 1]} ${path[at]}`);
          // What has happened is never taken back, and each step is a version of its own.
          expect(statusHistory.slice(0, before.statusHistory.length)).toEqual(before.statusHistory);
          expect(version - before.version).toBeGreaterThanOrEqual(statusHistory.length - before.statusHistory.length);
          expect(date.opened !== undefined).toBe(path.includes('OPEN'));
          expect(date.closed !== undefined).toBe(path.includes('CLOSED'));
          expect(date.inactivated !== undefined).toBe(path.includes('INACTIVE'));
          expect(domain?.site !== undefined).toBe(status !== 'INACTIVE');
          // What is past DRAFT and alive is whole.
          if (!['DRAFT', 'INACTIVE'].includes(status))
            expect(after).toMatchObject({ artist: {}, date: { open: expect.any(String) } });
          before = after;
        }
        const { meta } = await test.client.get(`/campaigns/${_id}/history`);
        expect(meta.pagination?.total).toBe(before.version);
        // It does not come due again in the runs to come.
        await test.client.patch(`/campaigns/${_id}`, { date: { open: null } });
      }),
      { numRuns: 25 },
    );
  });
});
