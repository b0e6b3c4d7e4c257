import { id, instant, type Wire } from './common.ts';
import { MAX_MARKETS } from './market-clones.ts';

const marketIds = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_MARKETS,
  uniqueItems: true,
  items: id,
  description: 'The markets.',
} as const;

const date = { ...instant, description: 'When fans are to be reminded: from now to the presale.' } as const;

/** The body that sets when fans are reminded: one date for several markets, or a date for each. */
export const marketNotifyDate = {
  $id: 'marketNotifyDate',
  description: 'When fans of which markets are to be reminded.',
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['marketIds', 'date'],
      description: 'One date for several markets.',
      properties: { marketIds, date },
    },
    {
      type: 'array',
      minItems: 1,
      maxItems: MAX_MARKETS,
      description: 'A date for each market.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['marketId', 'date'],
        description: 'A market and its date.',
        properties: { marketId: id, date },
      },
    },
  ],
} as const;

export type MarketNotifyDate = Wire<typeof marketNotifyDate>;

/** The body that marks markets as notified. */
export const marketNotified = {
  $id: 'marketNotified',
  type: 'object',
  additionalProperties: false,
  description: 'The markets whose fans have been reminded.',
  required: ['marketIds'],
  properties: { marketIds },
} as const;

/** What came of marking markets as notified. */
export const marketNotifiedResult = {
  $id: 'marketNotifiedResult',
  type: 'object',
  additionalProperties: false,
  description: 'What came of it.',
  required: ['notified', 'missing'],
  properties: {
    notified: { type: 'array', items: id, description: 'The markets that are marked as notified now.' },
    missing: { type: 'array', items: id, description: 'The ids that are no markets (any more).' },
  },
} as const;

export type MarketNotifiedResult = Wire<typeof marketNotifiedResult>;
