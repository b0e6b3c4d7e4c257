/** The states that an event can tell of. */
export const eventStates = ['requested', 'started', 'success', 'failed', 'completed', 'stream', 'heartbeat'] as const;
export type EventState = (typeof eventStates)[number];

const id = (description: string) => ({ type: 'string', minLength: 1, maxLength: 128, description }) as const;

const part = <const K extends string>(key: K, description: string) =>
  ({
    type: 'object',
    additionalProperties: true,
    required: [key],
    description,
    properties: { [key]: id('The id.') },
  }) as const;

/** An event as it travels, in both directions and through every door. */
export const eventEnvelope = {
  $id: 'eventEnvelope',
  type: 'object',
  additionalProperties: false,
  required: ['type', 'eventId'],
  description: 'An event.',
  properties: {
    type: {
      type: 'string',
      maxLength: 200,
      pattern: `^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*:v[1-9][0-9]*:(?:${eventStates.join('|')})$`,
      description: '`{service}:{action}:v{n}:{state}`.',
    },
    eventId: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      maxLength: 128,
      description: 'Made by the sender; of a request it is the idempotency key.',
    },
    causeId: id('Of an answer: the `eventId` of the request.'),
    payload: { type: 'object', additionalProperties: true, description: 'What it says; each type has its own.' },
    metadata: {
      type: 'object',
      additionalProperties: true,
      description: 'What it belongs to.',
      properties: {
        correlation: id('What ties together the log lines, spans and messages of one doing.'),
        traceparent: {
          type: 'string',
          maxLength: 128,
          description: 'The trace that it is part of (W3C Trace Context).',
        },
        campaign: part('campaignId', 'The campaign.'),
        user: {
          type: 'object',
          additionalProperties: true,
          description: 'Who asks: set by the server, whatever is sent.',
        },
        device: part('deviceId', 'The device.'),
        session: part('sessionId', 'The session.'),
      },
    },
    timestamp: { type: 'string', format: 'date-time', maxLength: 40, description: 'When it was made.' },
  },
} as const;
