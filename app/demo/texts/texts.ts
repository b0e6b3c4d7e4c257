import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';

/** What the pages of a campaign say in one locale. */
type LocaleContent = NonNullable<CampaignWrite['content']>[string];

/** The questions that the pages of the demo answer. */
export type FaqKey = 'what' | 'code' | 'chances' | 'change';

/** What texts are written about. */
export interface Show {
  readonly artist: string;
  readonly tour: string;
  /** How many cities the tour visits. */
  readonly cityCount: number;
}

/** The texts of one locale; the questions are named by what they ask. */
export interface Texts extends Omit<LocaleContent, 'faqs'> {
  readonly faqs: Partial<Record<FaqKey, { readonly question: string; readonly answer: string }>>;
}

/** Gives paragraphs as HTML. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.map(text => `<p>${text}</p>`).join('');
}

/** Gives a list of points as HTML. */
export function points(...texts: readonly string[]): string {
  return `<ul>${texts.map(text => `<li>${text}</li>`).join('')}</ul>`;
}
