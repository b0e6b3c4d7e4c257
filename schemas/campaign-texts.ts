import { localeFaqs } from './campaign.ts';
import { localeId, MAX_RICH_TEXT_LENGTH, richText } from './common.ts';

const locale = { ...localeId, description: 'The locale that was used.' } as const;

/** The questions of one locale. */
export const campaignFaqs = {
  $id: 'campaignFaqs',
  type: 'object',
  additionalProperties: false,
  description: 'The frequently asked questions of one locale.',
  required: ['faqs'],
  properties: { locale, faqs: localeFaqs },
} as const;

/** The body that changes the questions of one locale. */
export const campaignFaqsPatch = {
  $id: 'campaignFaqsPatch',
  type: 'object',
  additionalProperties: false,
  description: 'A change of the frequently asked questions of one locale.',
  required: ['faqs'],
  properties: {
    faqs: {
      type: 'object',
      description: 'A JSON merge patch: by UUID a question with its answer, or null to take it away.',
    },
  },
} as const;

/** The terms of one locale. */
export const campaignTerms = {
  $id: 'campaignTerms',
  type: 'object',
  additionalProperties: false,
  description: 'The terms of one locale.',
  required: ['terms'],
  properties: { locale, terms: richText('The terms and conditions.') },
} as const;

/** The body that changes the terms of one locale. */
export const campaignTermsPatch = {
  $id: 'campaignTermsPatch',
  type: 'object',
  additionalProperties: false,
  description: 'A change of the terms of one locale.',
  required: ['terms'],
  properties: {
    terms: {
      type: ['string', 'null'],
      maxLength: MAX_RICH_TEXT_LENGTH,
      description: 'The terms, or null to take them away.',
    },
  },
} as const;
