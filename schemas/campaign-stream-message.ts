import { campaign } from './campaign.ts';
import { eventId, id } from './common.ts';
import { market } from './market.ts';
import { messageEnvelope } from './message-envelope.ts';

const { contacts: _contacts, audit: _audit, statusHistory: _history, ...campaignProperties } = campaign.properties;
const { $id: _id, ...marketInMessage } = market;

/** A campaign in a message: no contacts, no password, nobody's reference. */
const campaignInMessage = {
  type: 'object',
  additionalProperties: false,
  description: 'A campaign in all locales, without contacts, audit and history.',
  required: ['_id', 'type', 'schema', 'status', 'name', 'identifier', 'date', 'version'],
  properties: campaignProperties,
} as const;

/** The fields of a document that messages show, by its collection. */
export const messageDocumentFields = {
  campaigns: Object.keys(campaignInMessage.properties),
  markets: Object.keys(marketInMessage.properties),
} as const;

/** A change as the campaign stream and the attendance stream carry it. */
export const campaignStreamMessage = {
  $id: 'campaignStreamMessage',
  type: 'object',
  additionalProperties: false,
  description: 'A change of a campaign or of one of its markets.',
  required: ['schema', ...messageEnvelope.required, 'document', 'documentVersion', 'eventIds'],
  properties: {
    schema: { const: 'campaignStreamMessage', description: 'The name of this schema.' },
    ...messageEnvelope.properties,
    document: {
      anyOf: [campaignInMessage, marketInMessage, { type: 'null' }],
      description:
        'The document when the message was made, or the last content of one that the change deleted; null when it was deleted after the change.',
    },
    documentVersion: {
      anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }],
      description: 'The version that `document` shows: that of the change or a later one; null without a document.',
    },
    eventIds: {
      type: 'array',
      uniqueItems: true,
      items: eventId,
      description: 'The shows of the campaign and of its markets when the message was made, sorted.',
    },
  },
} as const;

/** What the queue of the data pipeline carries: that something changed, not what it looks like. */
export const dataPipelineMessage = {
  $id: 'dataPipelineMessage',
  type: 'object',
  additionalProperties: false,
  description: 'Notice of a change of a campaign or of one of its markets.',
  required: ['schema', ...messageEnvelope.required],
  properties: {
    schema: { const: 'dataPipelineMessage', description: 'The name of this schema.' },
    ...messageEnvelope.properties,
  },
} as const;

/** What the queue of refresh-selections carries: a market whose presale time came, changed or went. */
export const refreshSelectionsMessage = {
  $id: 'refreshSelectionsMessage',
  type: 'object',
  additionalProperties: false,
  description: 'A market whose selection is to be made anew.',
  required: ['schema', ...messageEnvelope.required, 'marketId'],
  properties: {
    schema: { const: 'refreshSelectionsMessage', description: 'The name of this schema.' },
    ...messageEnvelope.properties,
    marketId: { ...id, description: 'The market; the same as `documentId`.' },
  },
} as const;
