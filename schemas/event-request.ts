import { eventEnvelope } from './event-envelope.ts';

const { properties } = eventEnvelope;

/**
 * A request as an event, as far as all senders agree: its reader (`readRequest`) knows the names of older ones, and says
 * what else is wrong.
 */
export const eventRequest = {
  $id: 'eventRequest',
  type: 'object',
  additionalProperties: false,
  description: 'An event whose type ends in `requested`. It has a `type` and an `eventId`; the rest may be left out.',
  properties: {
    type: { type: 'string', description: properties.type.description },
    eventId: { type: 'string', description: properties.eventId.description },
    event_id: { type: 'string', description: 'The name that older senders have for `eventId`.' },
    payload: { type: 'object', additionalProperties: true, description: properties.payload.description },
    metadata: { type: 'object', additionalProperties: true, description: properties.metadata.description },
    timestamp: { type: 'string', description: properties.timestamp.description },
  },
} as const;
