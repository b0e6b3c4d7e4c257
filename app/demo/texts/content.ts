import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { selectDemoUuid } from '../ids.ts';
import { writeEnglish } from './english.ts';
import { writeEnglishFanList, writeFrenchFanList } from './fan-list.ts';
import { canadianFrench, europeanFrench, writeFrench } from './french.ts';
import { writeGerman } from './german.ts';
import { writeSpanish } from './spanish.ts';
import { type FaqKey, type Show, type Texts } from './texts.ts';

const tours = {
  'en-US': writeEnglish,
  'en-CA': writeEnglish,
  'en-GB': writeEnglish,
  'fr-CA': (show: Show) => writeFrench(show, canadianFrench),
  'fr-FR': (show: Show) => writeFrench(show, europeanFrench),
  'es-MX': writeSpanish,
  'de-DE': writeGerman,
} satisfies Record<string, (show: Show) => Texts>;

/** The locales that the demo has texts in. */
export type DemoLocale = keyof typeof tours;

type Content = NonNullable<CampaignWrite['content']>;

interface ContentOptions {
  /** The campaign's slug: its questions have the same ids in all locales, and other ids than those of other campaigns. */
  readonly slug: string;
  readonly type: CampaignWrite['type'];
  readonly locales: readonly DemoLocale[];
  readonly show: Show;
}

/** Writes the content of a campaign in its locales. */
export function writeContent({ slug, type, locales, show }: ContentOptions): Content {
  return Object.fromEntries(
    locales.map(locale => {
      const { faqs, ...texts } = type === 'fanlist' ? writeFanList(locale, show) : tours[locale](show);
      const byId = Object.entries(faqs).map(([key, faq]) => [selectFaqId(slug, key as FaqKey), faq] as const);
      return [locale, { ...texts, faqs: Object.fromEntries(byId) }];
    }),
  );
}

function writeFanList(locale: DemoLocale, show: Show): Texts {
  return locale.startsWith('fr') ? writeFrenchFanList(show) : writeEnglishFanList(show);
}

/** Gives the id of a campaign's question. */
export function selectFaqId(slug: string, key: FaqKey): string {
  return selectDemoUuid(`${slug}/faq/${key}`);
}

/** Gives the order in which the pages of a tour show its questions. */
export function selectFaqOrder(slug: string): NonNullable<CampaignWrite['faqs']> {
  const ids = (...keys: readonly FaqKey[]): string[] => keys.map(key => selectFaqId(slug, key));
  return {
    landing: { open: ids('what', 'chances', 'change'), closed: ids('chances') },
    confirmation: { open: ids('change', 'chances'), closed: ids('chances'), activePresale: ids('code') },
  };
}
