import { id, instant, text } from './common.ts';

/** What every message about a change holds besides the name of its schema. It grows by optional fields alone; anything else is a new `schemaVersion`. */
export const messageEnvelope = {
  type: 'object',
  additionalProperties: false,
  description: 'What every message about a change holds.',
  required: [
    'schemaVersion',
    'changeId',
    'cause',
    'collection',
    'documentId',
    'campaignId',
    'version',
    'at',
    'correlation',
    'deleted',
    'changedFields',
  ],
  properties: {
    schemaVersion: { const: 1, description: 'The version of the schema.' },
    changeId: text(64, 'The id of the change, the same each time that it is delivered.'),
    cause: text(64, 'Why the document changed, such as `campaign.updated`.'),
    collection: { type: 'string', enum: ['campaigns', 'markets'], description: 'Where the document lies.' },
    documentId: { ...id, description: 'The id of the document that changed.' },
    campaignId: { ...id, description: 'The campaign that changed, or that the market belongs to.' },
    version: {
      type: 'integer',
      minimum: 1,
      description: 'The version of the document that the change made; each version is made once.',
    },
    at: { ...instant, description: 'When the document changed.' },
    correlation: text(128, 'The correlation id of the request.'),
    traceparent: text(55, 'The W3C trace context of the delivery, where it is traced.'),
    deleted: { type: 'boolean', description: 'Whether the change deleted the document.' },
    changedFields: {
      type: 'array',
      uniqueItems: true,
      items: text(64, 'A field of the document.'),
      description: 'Which fields of the document the change set or removed; empty for a deletion.',
    },
  },
} as const;
