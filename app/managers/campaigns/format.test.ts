import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createValidator } from '../../../lib/schema/validator.ts';
import { campaign as campaignSchema } from '../../../schemas/campaign.ts';
import { campaignPublic } from '../../../schemas/campaign-public.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { toWire } from '../patching.ts';
import { type Audience, formatCampaign, formatLocalised, formatProtected, type LocaleChoice } from './format.ts';

const audiences: readonly Audience[] = ['full', 'public'];
const choices: readonly LocaleChoice[] = ['all', 'default', { wanted: 'fr' }, { wanted: 'ja' }];

/** A campaign with everything in it; what nobody may see holds the word `secret`. */
function createLadenCampaign(): CampaignDocument {
  const { _id, ...document } = createCampaignDocument({
    artist: { id: 'artist', name: 'The Examples', imageUrl: 'https://example.com/a.png' },
    tour: { name: 'The Tour' },
    preferences: [
      {
        id: 'size',
        type: 'choice',
        labels: { en: 'Size', fr: 'Taille' },
        choices: [{ id: 's', labels: { en: 'Small', fr: 'Petit' } }, { id: 'x' }],
      },
    ],
    contacts: ['0123456789abcdef01234567'],
    linkedCampaignIds: ['0123456789abcdef01234568'],
    eventIds: ['E1'],
    options: { attendance: true },
  });
  return {
    _id,
    ...document,
    password: 'scrypt$secret',
    nameKey: 'secret name key',
    search: ['secret word'],
    idempotency: { bodyHash: 'secret hash' },
    pendingChange: {
      id: 'secret change',
      version: 1,
      at: new Date(),
      cause: 'campaign.created',
      effects: [],
      by: 'secret author',
      correlation: 'secret correlation',
      diff: { before: {}, after: {} },
    },
  };
}

describe('a campaign as it is shown', () => {
  const campaign = createLadenCampaign();

  it.each(audiences)('holds nothing of the server’s own, whatever the locale (%s)', audience => {
    for (const choice of choices) {
      const { data } = formatLocalised(campaign, audience, choice);
      for (const field of ['password', 'nameKey', 'search', 'idempotency', 'pendingChange', 'deleted']) {
        expect(data).not.toHaveProperty(field);
      }
      expect(JSON.stringify(data)).not.toContain('secret');
    }
  });

  it('hides from the public the contacts, the audit, the preferences, the history and what is not opened', () => {
    const hidden = ['contacts', 'audit', 'preferences', 'statusHistory', 'linkedCampaignIds'];
    for (const choice of choices) {
      const full = Object.keys(formatLocalised(campaign, 'full', choice).data);
      const shown = Object.keys(formatLocalised(campaign, 'public', choice).data);
      expect(full).toEqual(expect.arrayContaining(hidden));
      expect(shown).toEqual(full.filter(field => !hidden.includes(field)));
      const domain = { site: 'shown.example', preview: 'hidden.example' };
      const { data } = formatLocalised({ ...campaign, domain }, 'public', choice);
      expect(data.domain).toEqual({ site: 'shown.example' });
    }
  });

  it('is what the schemas of its audiences say', () => {
    const full = createValidator(campaignSchema);
    const forPublic = createValidator(campaignPublic);
    for (const choice of choices) {
      expect(full.selectFaults(toWire(formatLocalised(campaign, 'full', choice).data))).toEqual([]);
      expect(forPublic.selectFaults(toWire(formatLocalised(campaign, 'public', choice).data))).toEqual([]);
    }
  });

  it('says that a password protects it, and nothing when none does', () => {
    const { password: _none, ...open } = campaign;
    for (const audience of audiences) {
      expect(formatCampaign(campaign, audience).isPasswordProtected).toBe(true);
      expect(formatCampaign(open, audience)).not.toHaveProperty('isPasswordProtected');
    }
  });

  it('shows all locales where they are asked for', () => {
    const { data, locale } = formatLocalised(campaign, 'full', 'all');
    expect(locale).toBeUndefined();
    expect(data.content).toEqual(campaign.content);
    expect(data.preferences).toEqual(campaign.preferences);
  });

  it('shows one locale alone, completed from its fallbacks, and says which', () => {
    const { data, locale } = formatLocalised(campaign, 'full', { wanted: 'fr-CA' });
    expect(locale).toBe('fr');
    expect(data.content).toEqual({
      fr: { landing: { title: 'Inscrivez-vous', body: '<p>Come along.</p>' }, terms: '<p>Terms.</p>' },
    });
    expect(data.preferences).toEqual([
      {
        id: 'size',
        type: 'choice',
        labels: { fr: 'Taille' },
        choices: [{ id: 's', labels: { fr: 'Petit' } }, { id: 'x' }],
      },
    ]);
  });

  it('shows the default where none is asked for, or none that it has', () => {
    for (const choice of ['default', { wanted: 'ja-JP' }] as const) {
      const { data, locale } = formatLocalised(campaign, 'public', choice);
      expect(locale).toBe('en');
      expect(Object.keys(data.content ?? {})).toEqual(['en']);
    }
  });

  it('has no locale when it declares none', () => {
    const { locales: _locales, content: _content, preferences: _preferences, ...draft } = campaign;
    const { data, locale } = formatLocalised(draft, 'full', { wanted: 'fr' });
    expect(locale).toBeUndefined();
    expect(data).not.toHaveProperty('content');
  });

  it('has an empty content when no locale of the chain says anything', () => {
    const { data } = formatLocalised({ ...campaign, content: { fr: { terms: 'T' } } }, 'full', 'default');
    expect(data.content).toEqual({});
  });

  it('tells of a protected campaign, without its password, what every campaign has and nothing it says', () => {
    const shown = formatProtected(campaign);
    expect(Object.keys(shown).sort()).toEqual([...campaignSchema.required, 'isPasswordProtected'].sort());
    expect(shown).toMatchObject({ _id: campaign._id, name: campaign.name, isPasswordProtected: true });
    expect(createValidator(campaignSchema).selectFaults(toWire(shown))).toEqual([]);
    expect(JSON.stringify(shown)).not.toContain('secret');
  });
});
