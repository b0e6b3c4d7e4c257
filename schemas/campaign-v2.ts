import { campaignWritable } from './campaign.ts';
import { password, writableDate } from './campaign-draft.ts';

/** A complete registration campaign of the current schema: what leaving DRAFT needs. */
export const campaignV2 = {
  $id: 'campaignV2',
  type: 'object',
  additionalProperties: false,
  description: 'A complete registration campaign.',
  required: ['type', 'schema', 'name', 'artist', 'domain', 'date', 'referenceTimezone', 'locales', 'content'],
  properties: {
    ...campaignWritable,
    domain: { ...campaignWritable.domain, required: ['site'] },
    date: { ...writableDate, required: ['open', 'close'] },
    locales: { ...campaignWritable.locales, minItems: 1 },
    password,
  },
} as const;
