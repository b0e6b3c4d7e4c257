import { id, type Wire } from './common.ts';

/** How many markets one call clones, or carries through the reminders, at most. */
export const MAX_MARKETS = 500;

/** The body that clones markets of another campaign. */
export const marketClones = {
  $id: 'marketClones',
  type: 'object',
  additionalProperties: false,
  description: 'Which markets to clone into the campaign.',
  required: ['fromCampaignId'],
  properties: {
    fromCampaignId: { ...id, description: 'The campaign whose markets are cloned.' },
    marketIds: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_MARKETS,
      uniqueItems: true,
      items: id,
      description: 'The markets to clone; all of the campaign when left out.',
    },
  },
} as const;

export type MarketClones = Wire<typeof marketClones>;
