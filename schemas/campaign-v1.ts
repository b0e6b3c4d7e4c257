import { campaignV2 } from './campaign-v2.ts';

const { faqs: _order, style: _style, share: _share, ...properties } = campaignV2.properties;

/** A complete registration campaign of the first schema: no order of questions, no style and nothing to share. */
export const campaignV1 = {
  $id: 'campaignV1',
  type: 'object',
  additionalProperties: false,
  description: 'A complete registration campaign of the first schema.',
  required: ['type', 'schema', 'name', 'artist', 'domain', 'date', 'locales', 'content'],
  properties,
} as const;
