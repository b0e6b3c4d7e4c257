import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { decodeView } from '../../../test/support/decode-view.ts';
import { createCampaignCache } from '../../services/campaign-cache.ts';
import { type Audience, type LocaleChoice } from './format.ts';
import { selectView } from './view.ts';

const cached = () =>
  createCampaignCache({ maxBytes: 1_000_000, ttlMs: 1000 }).put(createCampaignDocument({}, { version: 7 }));

describe('the view of a campaign', () => {
  const kinds: readonly (readonly [Audience, LocaleChoice])[] = (['full', 'public'] as const).flatMap(audience =>
    (['all', 'default', { wanted: 'all' }, { wanted: 'default' }, { wanted: 'en' }, { wanted: 'fr' }] as const).map(
      choice => [audience, choice] as const,
    ),
  );

  it('is encoded once for each audience and locale', () => {
    const campaign = cached();
    const first = selectView(campaign, 'full', { wanted: 'fr' });
    expect(selectView(campaign, 'full', { wanted: 'fr' }).representation).toBe(first.representation);
    expect(selectView(campaign, 'public', { wanted: 'fr' }).representation).not.toBe(first.representation);
  });

  it('is one for all that fall back to the same texts, however many languages are asked for', () => {
    const campaign = cached();
    const byDefault = selectView(campaign, 'full', 'default').representation;
    for (const wanted of ['en', 'en-GB', 'all', 'de', 'ja']) {
      expect(selectView(campaign, 'full', { wanted }).representation).toBe(byDefault);
    }
    expect(selectView(campaign, 'full', { wanted: 'fr-CA' })).toEqual(selectView(campaign, 'full', { wanted: 'fr' }));
  });

  it('has an entity tag of its version, and of its own: none is taken for another', () => {
    const campaign = cached();
    const tags = kinds.map(([audience, choice]) => selectView(campaign, audience, choice).representation.etag);
    // In full and to the public: all locales, the default, French.
    expect(new Set(tags).size).toBe(2 * 3);
    for (const tag of tags) {
      expect(tag).toMatch(/^"7-[\w.-]+"$/);
    }
  });

  it('is the same whichever was asked for first, also for the languages whose tags are words of ours', () => {
    for (const order of [kinds, [...kinds].reverse()]) {
      const campaign = cached();
      for (const [audience, choice] of order) selectView(campaign, audience, choice);
      const all = decodeView(selectView(campaign, 'full', 'all'));
      expect(Object.keys(all.data['content'] as object)).toEqual(['en', 'fr']);
      expect(all.meta).not.toHaveProperty('locale');
      const allar = decodeView(selectView(campaign, 'full', { wanted: 'all' }));
      expect(Object.keys(allar.data['content'] as object)).toEqual(['en']);
      expect(allar.meta).toMatchObject({ locale: 'en', correlation: 'c' });
    }
  });

  it('says when it may be old', () => {
    const campaign = cached();
    expect(selectView(campaign, 'full', 'all')).toMatchObject({ version: 7, stale: false });
    const view = campaign.view.bind(campaign);
    expect(selectView({ document: campaign.document, stale: true, view }, 'full', 'all').stale).toBe(true);
  });
});
