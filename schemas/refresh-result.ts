import { id } from './common.ts';

/** What a refresh did. */
export const refreshResult = {
  $id: 'refreshResult',
  type: 'object',
  additionalProperties: false,
  description: 'How many campaigns moved, and which could not.',
  required: ['opened', 'closed', 'inactivated', 'failedCount', 'failed'],
  properties: {
    opened: { type: 'integer', description: 'How many were opened.' },
    closed: { type: 'integer', description: 'How many were closed.' },
    inactivated: { type: 'integer', description: 'How many became inactive.' },
    failedCount: { type: 'integer', description: 'How many could not be moved.' },
    failed: {
      type: 'array',
      maxItems: 100,
      description: 'The first hundred that could not be moved.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['campaignId', 'type'],
        description: 'A campaign and the type of its error.',
        properties: { campaignId: id, type: { type: 'string', description: 'The type of the error.' } },
      },
    },
  },
} as const;
