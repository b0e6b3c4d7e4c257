import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { campaign as campaignSchema, type CampaignStatus } from '../../../schemas/campaign.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { InvalidCampaignError, InvalidStatusChangeError } from '../../errors.ts';
import { finishCampaign, toWire } from './content.ts';

const at = new Date('2026-04-01T00:00:00.000Z');

const finish = (
  current: CampaignDocument | null,
  content: CampaignDocument,
  status: CampaignStatus = content.status,
): CampaignDocument => finishCampaign(current, content, { status, at, by: 'someone' });

describe('content that is about to be stored', () => {
  it('has its domains in lower case', () => {
    const campaign = createCampaignDocument();
    const next = finish(campaign, { ...campaign, domain: { site: 'Tour.Example.COM', preview: 'PRE.example.com' } });
    expect(next.domain).toEqual({ site: 'tour.example.com', preview: 'pre.example.com' });
  });

  it('has safe rich texts', () => {
    const campaign = createCampaignDocument();
    const content = { en: { terms: '<p onclick="x()">a</p>' } };
    expect(finish(campaign, { ...campaign, content }).content).toEqual({ en: { terms: '<p>a</p>' } });
  });

  it('keeps the rules', () => {
    const campaign = createCampaignDocument();
    expect(() => finish(campaign, { ...campaign, categoryId: 'category' })).toThrow(
      expect.objectContaining({ type: 'MISSING_PRESALE_WINDOW_DATE' }),
    );
  });

  it('makes the transition, and no other than one of the machine', () => {
    const campaign = createCampaignDocument();
    expect(finish(campaign, campaign, 'OPEN')).toMatchObject({ status: 'OPEN', date: { opened: at } });
    expect(() => finish(campaign, campaign, 'CLOSED')).toThrow(InvalidStatusChangeError);
  });

  it('gives an INACTIVE campaign no domain back', () => {
    const inactive = finish(null, createCampaignDocument({}, { status: 'CLOSED' }), 'INACTIVE');
    expect(inactive.domain).not.toHaveProperty('site');
    const again = { ...inactive, domain: { site: 'again.example.com' } };
    expect(() => finish(inactive, again)).toThrow(InvalidCampaignError);
    expect(() => finish(inactive, again)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ path: '/domain/site' })] }),
    );
  });

  it('carries the key of its name in lower case while the name is taken, and frees it with INACTIVE', () => {
    const campaign = createCampaignDocument({ name: 'The BIG Tour' });
    expect(campaign.nameKey).toBe('the big tour');
    const renamed = finish(campaign, { ...campaign, name: ' Other ' });
    expect(renamed.nameKey).toBe('other');
    const closed = { ...campaign, status: 'CLOSED' as const };
    expect(finish(closed, closed, 'INACTIVE')).not.toHaveProperty('nameKey');
  });

  it('is found by its words as they are now', () => {
    const campaign = createCampaignDocument({ name: 'Alpha' });
    const next = finish(campaign, { ...campaign, name: 'Béta', tour: { name: 'Gamma 5' } });
    expect(next.search).toEqual(expect.arrayContaining(['beta', 'gamma', '5']));
    expect(next.search).not.toContain('alpha');
  });

  it('keeps the identity of what did not change', () => {
    const campaign = createCampaignDocument();
    expect(finish(campaign, campaign)).toBe(campaign);
    const styled = { ...campaign, style: { primaryColor: '#000000' } };
    expect(finish(campaign, styled)).toBe(styled);
  });
});

describe('a campaign in its wire form', () => {
  it('is what clients know: instants as texts, nothing of the server’s own', () => {
    const campaign = createCampaignDocument({}, { password: 'scrypt$secret' });
    const wire = toWire(campaign);
    expect(createValidator(campaignSchema).selectFaults(wire)).toEqual([]);
    expect(wire).toEqual(JSON.parse(JSON.stringify(wire)));
    expect(wire).toMatchObject({ date: { created: '2026-03-01T12:00:00.000Z' }, isPasswordProtected: true });
    expect(JSON.stringify(wire)).not.toContain('secret');
  });
});
