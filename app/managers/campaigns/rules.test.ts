import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { type ErrorDetail, type ServiceError } from '../../../lib/errors.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { throwIfInvalidCampaign } from './rules.ts';

const question = '0b6f1c1e-5a57-4d2f-9e0c-111111111111';
const other = '0b6f1c1e-5a57-4d2f-9e0c-222222222222';
const day = (at: number): Date => new Date(Date.UTC(2026, 3, at));

/** A campaign that keeps every rule, with some fields in the place of its own. */
function campaignWith(fields: Partial<CampaignDocument>): CampaignDocument {
  return { ...createCampaignDocument(), ...fields };
}

function withDates(dates: Partial<CampaignDocument['date']>, fields: Partial<CampaignDocument> = {}): CampaignDocument {
  const { open: _open, close: _close, ...date } = createCampaignDocument().date;
  return campaignWith({ ...fields, date: { ...date, ...dates } });
}

/** The type and the details of the error that a campaign is refused with. */
function selectFault(campaign: CampaignDocument): { type: string; details: readonly ErrorDetail[] | undefined } | null {
  try {
    throwIfInvalidCampaign(campaign);
    return null;
  } catch (error) {
    const { type, details } = error as ServiceError;
    return { type, details };
  }
}

const paths = (campaign: CampaignDocument): (string | undefined)[] | undefined =>
  selectFault(campaign)?.details?.map(({ path }) => path);

describe('the rules of campaigns', () => {
  it('let a campaign pass that keeps them all', () => {
    expect(selectFault(createCampaignDocument())).toBeNull();
    expect(
      selectFault(
        withDates(
          {
            open: day(1),
            close: day(2),
            start: day(3),
            end: day(3),
            presaleWindowStart: day(4),
            presaleWindowEnd: day(5),
          },
          { categoryId: 'category' },
        ),
      ),
    ).toBeNull();
  });

  it('want it to open before it closes', () => {
    expect(selectFault(withDates({ open: day(2), close: day(1) }))).toEqual({
      type: 'INVALID_CAMPAIGN',
      details: [{ path: '/date/close', message: 'must be after /date/open' }],
    });
    expect(selectFault(withDates({ open: day(2), close: day(2) }))?.type).toBe('INVALID_CAMPAIGN');
    expect(selectFault(withDates({ open: day(2) }))).toBeNull();
    expect(selectFault(withDates({ close: day(2) }))).toBeNull();
  });

  it('want the tour not to end before it starts', () => {
    expect(selectFault(withDates({ start: day(2), end: day(1) }))).toEqual({
      type: 'INVALID_CAMPAIGN',
      details: [{ path: '/date/end', message: 'must not be before /date/start' }],
    });
  });

  it('want both ends of a presale window or neither', () => {
    expect(selectFault(withDates({ presaleWindowStart: day(1) }))).toEqual({
      type: 'MISSING_PRESALE_WINDOW_DATE',
      details: [{ path: '/date/presaleWindowEnd', message: 'is missing' }],
    });
    expect(selectFault(withDates({ presaleWindowEnd: day(1) }))).toEqual({
      type: 'MISSING_PRESALE_WINDOW_DATE',
      details: [{ path: '/date/presaleWindowStart', message: 'is missing' }],
    });
  });

  it('want a presale window where there is a category', () => {
    const campaign = withDates({}, { categoryId: 'category' });
    expect(selectFault(campaign)?.type).toBe('MISSING_PRESALE_WINDOW_DATE');
    expect(paths(campaign)).toEqual(['/date/presaleWindowStart', '/date/presaleWindowEnd']);
  });

  it('want a presale window to begin before it ends', () => {
    const type = 'INVALID_PRESALE_WINDOW_DATE_ORDER';
    expect(selectFault(withDates({ presaleWindowStart: day(2), presaleWindowEnd: day(1) }))?.type).toBe(type);
    expect(selectFault(withDates({ presaleWindowStart: day(2), presaleWindowEnd: day(2) }))?.type).toBe(type);
    expect(selectFault(withDates({ presaleWindowStart: day(1), presaleWindowEnd: day(2) }))).toBeNull();
  });

  it('want exactly one default among the locales', () => {
    const locales = (...defaults: boolean[]): CampaignDocument =>
      campaignWith({
        content: {},
        locales: defaults.map((isDefault, at) => ({ id: ['en', 'fr', 'de'][at] ?? '', isDefault })),
      });
    expect(selectFault(locales(false, false))).toEqual({
      type: 'INVALID_CAMPAIGN',
      details: [{ path: '/locales', message: 'must have exactly one default' }],
    });
    expect(paths(locales(true, false, true))).toEqual(['/locales']);
    expect(selectFault(locales(false, true, false))).toBeNull();
    expect(selectFault(locales())).toBeNull();
  });

  it('want each locale once, in whatever spelling: tags have no case', () => {
    const twice = (...ids: string[]): CampaignDocument =>
      campaignWith({ content: {}, locales: ids.map((id, at) => ({ id, isDefault: at === 0 })) });
    expect(selectFault(twice('fr-CA', 'fr-CA'))?.details).toContainEqual({
      path: '/locales',
      message: 'names a locale twice',
    });
    expect(paths(twice('fr-CA', 'fr-ca'))).toEqual(['/locales']);
    expect(selectFault(twice('fr-CA', 'fr'))).toBeNull();
  });

  it('want texts in declared locales alone, and name every place that breaks it', () => {
    const campaign = campaignWith({
      content: { en: {}, de: {}, 'pt-BR': {} },
      preferences: [
        { id: 'size', type: 'text', labels: { en: 'Size', it: 'Taglia' } },
        { id: 'seat', type: 'choice', choices: [{ id: 'a' }, { id: 'b', labels: { es: 'B' } }] },
      ],
    });
    expect(selectFault(campaign)?.type).toBe('INVALID_CAMPAIGN');
    expect(paths(campaign)).toEqual([
      '/content/de',
      '/content/pt-BR',
      '/preferences/0/labels/it',
      '/preferences/1/choices/1/labels/es',
    ]);
  });

  it('want the order of questions to name questions that some locale has', () => {
    const content = { en: { faqs: { [question]: { question: 'Who?', answer: 'You.' } } }, fr: {} };
    const ordered = campaignWith({
      content,
      faqs: { landing: { open: [question], closed: [] }, confirmation: { activePresale: [question] } },
    });
    expect(selectFault(ordered)).toBeNull();
    const unknown = campaignWith({
      content,
      faqs: { landing: { closed: [question, other] }, confirmation: { open: [other] } },
    });
    expect(selectFault(unknown)?.type).toBe('INVALID_CAMPAIGN');
    expect(paths(unknown)).toEqual(['/faqs/landing/closed/1', '/faqs/confirmation/open/0']);
  });

  it('want each preference to have an id of its own', () => {
    const preferences = ['a', 'b', 'a'].map(id => ({ id, type: 'text' as const }));
    expect(selectFault(campaignWith({ preferences }))).toEqual({
      type: 'VALIDATION_ERROR',
      details: [{ path: '/preferences/2/id', message: 'is used twice' }],
    });
  });
});
