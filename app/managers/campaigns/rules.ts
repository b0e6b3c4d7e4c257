import { type ErrorDetail, ValidationError } from '../../../lib/errors.ts';
import { InvalidCampaignError, InvalidPresaleWindowOrderError, MissingPresaleWindowDateError } from '../../errors.ts';
import { type CampaignContent } from '../../../schemas/campaign.ts';
import { selectLocaleKey } from './locale.ts';

type Rule = (campaign: CampaignContent) => void;

function throwIfInvalidDateOrder({ date }: CampaignContent): void {
  if (date.open && date.close && date.open >= date.close) {
    throw new InvalidCampaignError('date.open must be before date.close.', {
      details: [{ path: '/date/close', message: 'must be after /date/open' }],
    });
  }
  if (date.start && date.end && date.start > date.end) {
    throw new InvalidCampaignError('date.start must not be after date.end.', {
      details: [{ path: '/date/end', message: 'must not be before /date/start' }],
    });
  }
}

function throwIfInvalidPresaleWindow({ date, categoryId }: CampaignContent): void {
  const { presaleWindowStart: start, presaleWindowEnd: end } = date;
  if ((start === undefined) !== (end === undefined)) {
    throw new MissingPresaleWindowDateError('A presale window needs both its start and its end.', {
      details: [
        { path: start === undefined ? '/date/presaleWindowStart' : '/date/presaleWindowEnd', message: 'is missing' },
      ],
    });
  }
  if (categoryId !== undefined && (start === undefined || end === undefined)) {
    throw new MissingPresaleWindowDateError('A campaign with a categoryId needs a presale window.', {
      details: [
        { path: '/date/presaleWindowStart', message: 'is missing' },
        { path: '/date/presaleWindowEnd', message: 'is missing' },
      ],
    });
  }
  if (start && end && start >= end) throw new InvalidPresaleWindowOrderError();
}

function throwIfInvalidLocales({ locales = [], content = {}, preferences = [] }: CampaignContent): void {
  const faults: ErrorDetail[] = [];
  const declared = new Set(locales.map(locale => locale.id));
  // Of two spellings of one locale readers would only ever get one.
  if (new Set(locales.map(locale => selectLocaleKey(locale.id))).size !== locales.length) {
    faults.push({ path: '/locales', message: 'names a locale twice' });
  }
  if (locales.length > 0 && locales.filter(locale => locale.isDefault).length !== 1) {
    faults.push({ path: '/locales', message: 'must have exactly one default' });
  }
  const check = (path: string, texts: object): void => {
    for (const locale of Object.keys(texts)) {
      if (!declared.has(locale))
        faults.push({ path: `${path}/${locale}`, message: 'is not one of the locales of the campaign' });
    }
  };
  check('/content', content);
  preferences.forEach((preference, at) => {
    check(`/preferences/${at}/labels`, preference.labels ?? {});
    preference.choices?.forEach((choice, place) =>
      check(`/preferences/${at}/choices/${place}/labels`, choice.labels ?? {}),
    );
  });
  if (faults.length > 0)
    throw new InvalidCampaignError('The locales of the campaign do not fit its content.', { details: faults });
}

function throwIfUnknownFaq({ faqs, content = {} }: CampaignContent): void {
  if (faqs === undefined) return;
  const known = new Set(Object.values(content).flatMap(locale => Object.keys(locale.faqs ?? {})));
  const faults: ErrorDetail[] = [];
  for (const [page, lists] of Object.entries(faqs)) {
    for (const [list, ids] of Object.entries(lists as Record<string, string[]>)) {
      ids.forEach((id, at) => {
        if (!known.has(id))
          faults.push({ path: `/faqs/${page}/${list}/${at}`, message: 'is not a question of the campaign' });
      });
    }
  }
  if (faults.length > 0)
    throw new InvalidCampaignError('The order of questions names one that does not exist.', { details: faults });
}

function throwIfDuplicatePreference({ preferences = [] }: CampaignContent): void {
  const ids = preferences.map(preference => preference.id);
  const at = ids.findIndex((id, place) => ids.indexOf(id) !== place);
  if (at >= 0) throw new ValidationError([{ path: `/preferences/${at}/id`, message: 'is used twice' }]);
}

const rules: readonly Rule[] = [
  throwIfInvalidDateOrder,
  throwIfInvalidPresaleWindow,
  throwIfInvalidLocales,
  throwIfUnknownFaq,
  throwIfDuplicatePreference,
];

/**
 * Throws the first business rule that a campaign breaks: `InvalidCampaignError`, `MissingPresaleWindowDateError`,
 * `InvalidPresaleWindowOrderError`. The rules of uniqueness are kept by the indexes alone.
 */
export function throwIfInvalidCampaign(campaign: CampaignContent): void {
  for (const rule of rules) rule(campaign);
}
