import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { type CampaignStatus, campaignStatuses } from '../../../schemas/campaign.ts';
import { InvalidStatusChangeError } from '../../errors.ts';
import { throwIfInvalidStatusChange, transition } from './transitions.ts';

const at = new Date('2026-03-02T00:00:00.000Z');

/** Every change of status that there is. */
const machine: readonly (readonly [CampaignStatus, CampaignStatus])[] = [
  ['DRAFT', 'PREVIEW'],
  ['PREVIEW', 'DRAFT'],
  ['DRAFT', 'OPEN'],
  ['PREVIEW', 'OPEN'],
  ['OPEN', 'CLOSED'],
  ['CLOSED', 'INACTIVE'],
];

const isTransition = (from: CampaignStatus, to: CampaignStatus): boolean =>
  machine.some(([one, other]) => one === from && other === to);

describe('the status of a campaign', () => {
  const pairs = campaignStatuses.flatMap(from => campaignStatuses.map(to => [from, to] as const));

  it.each(pairs.filter(([from, to]) => isTransition(from, to)))('goes from %s to %s', (from, to) => {
    const next = transition(createCampaignDocument({}, { status: from }), to, at, 'someone');
    expect(next.status).toBe(to);
  });

  it.each(pairs.filter(([from, to]) => !isTransition(from, to)))('does not go from %s to %s', (from, to) => {
    expect(() => throwIfInvalidStatusChange(from, to)).toThrow(InvalidStatusChangeError);
    expect(() => transition(createCampaignDocument({}, { status: from }), to, at, 'someone')).toThrow(
      expect.objectContaining({ type: 'INVALID_CAMPAIGN_STATUS_CHANGE', status: 400 }),
    );
  });

  it('appends to the history who brought it about and when, and changes nothing of what it was given', () => {
    const before = createCampaignDocument();
    const after = transition(before, 'PREVIEW', at, 'someone');
    expect(after.statusHistory).toEqual([...before.statusHistory, { status: 'PREVIEW', date: at, by: 'someone' }]);
    expect(before.status).toBe('DRAFT');
    expect(before.statusHistory).toHaveLength(1);
  });

  it('sets the instant of opening and drops the preview, and keeps the site', () => {
    const before = createCampaignDocument();
    const after = transition(before, 'OPEN', at, 'someone');
    expect(after.date).toEqual({ ...before.date, opened: at });
    expect(after.domain).toEqual({ site: before.domain?.site });
    expect(before.domain).toHaveProperty('preview');
  });

  it('sets the instant of closing and leaves the domain alone', () => {
    const before = createCampaignDocument({}, { status: 'OPEN' });
    const after = transition(before, 'CLOSED', at, 'someone');
    expect(after.date).toEqual({ ...before.date, closed: at });
    expect(after.domain).toEqual(before.domain);
  });

  it('sets the instant of retirement and frees the domain: the field is absent, not null', () => {
    const before = createCampaignDocument({}, { status: 'CLOSED' });
    const after = transition(before, 'INACTIVE', at, 'someone');
    expect(after.date).toEqual({ ...before.date, inactivated: at });
    expect(after.domain).not.toHaveProperty('site');
  });

  it('retires a campaign that has no domain', () => {
    const { domain: _none, ...before } = createCampaignDocument({}, { status: 'CLOSED' });
    expect(transition(before, 'INACTIVE', at, 'someone')).not.toHaveProperty('domain');
  });

  it('never leaves the machine, whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...campaignStatuses), { maxLength: 20 }), wanted => {
        let campaign = createCampaignDocument();
        let taken = 0;
        for (const to of wanted) {
          const isAllowed = isTransition(campaign.status, to);
          try {
            campaign = transition(campaign, to, at, 'someone');
            taken += 1;
            expect(isAllowed).toBe(true);
          } catch (error) {
            if (!(error instanceof InvalidStatusChangeError)) throw error;
            expect(isAllowed).toBe(false);
          }
        }
        const path = campaign.statusHistory.map(entry => entry.status);
        expect(path).toHaveLength(taken + 1);
        expect(path.at(-1)).toBe(campaign.status);
        path.slice(1).forEach((to, before) => expect(machine).toContainEqual([path[before], to]));
        expect('opened' in campaign.date).toBe(path.includes('OPEN'));
        expect('closed' in campaign.date).toBe(path.includes('CLOSED'));
        expect('inactivated' in campaign.date).toBe(path.includes('INACTIVE'));
      }),
    );
  });
});
