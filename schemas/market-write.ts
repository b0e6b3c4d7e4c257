import { type Wire } from './common.ts';
import { marketWritable } from './market.ts';

/** The body that makes a market, and what a merge patch must leave whole. */
export const marketWrite = {
  $id: 'marketWrite',
  type: 'object',
  additionalProperties: false,
  description: 'What a client writes of a market.',
  required: ['name'],
  properties: marketWritable,
} as const;

/** What a client writes of a market. */
export type MarketWrite = Wire<typeof marketWrite>;

/** The body that changes a market. */
export const marketPatch = {
  $id: 'marketPatch',
  type: 'object',
  description: 'A JSON Merge Patch (RFC 7396) of a market: null removes, objects merge, lists replace.',
} as const;
