import { campaignWritable } from './campaign.ts';
import { password, writableDate } from './campaign-draft.ts';

const { presaleWindowStart: _start, presaleWindowEnd: _end, ...dates } = writableDate.properties;
const { categoryId: _category, tour: _tour, ...writable } = campaignWritable;

/** A complete fan list: a standing registration for an artist, without a presale window, and open until it is closed. */
export const fanlistCampaign = {
  $id: 'fanlistCampaign',
  type: 'object',
  additionalProperties: false,
  description: 'A complete fan list.',
  required: ['type', 'schema', 'name', 'artist', 'domain', 'date', 'locales', 'content'],
  properties: {
    ...writable,
    domain: { ...campaignWritable.domain, required: ['site'] },
    date: { ...writableDate, properties: dates, required: ['open'] },
    locales: { ...campaignWritable.locales, minItems: 1 },
    password,
  },
} as const;
