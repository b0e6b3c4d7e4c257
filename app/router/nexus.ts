import { eventEnvelope } from '../../schemas/event-envelope.ts';
import { eventRequest } from '../../schemas/event-request.ts';
import { emitEvent, listenToEvents } from '../managers/nexus.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Events';

/** A stream is not kept, changed or gathered by whatever lies between. */
const streamHeaders = { 'cache-control': 'private, no-store, no-transform', 'x-accel-buffering': 'no' } as const;

/** The doors to the event bus for those who are not connected. */
export const nexusRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/nexus/events',
    tag,
    summary: 'Send a request as over the channel',
    description:
      'Carries out any request of the channel that needs no connection. Its `eventId` is the idempotency key. A failure is answered as an error, with its status.',
    permission: 'authenticated',
    body: eventRequest,
    response: { status: 200, kind: 'document', description: 'The answer to the request.', schema: eventEnvelope },
    errors: [
      'EVENT_TYPE_UNKNOWN',
      'EVENT_EXPIRED',
      'LIMIT_EXCEEDED',
      'CAMPAIGN_NOT_FOUND',
      'STATE_VERSION_NOT_FOUND',
      'VERSION_MISMATCH',
      'IDEMPOTENCY_KEY_REUSED',
    ],
    handler: async (ctx, { body }) => ({ data: await emitEvent(ctx, body) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/nexus/events',
    tag,
    summary: 'Follow events, as server-sent events',
    description:
      'Each event of a campaign that the caller may read, as the `data` of a message. `reset` says that what came since `Last-Event-ID` is not known any more, `close` why the stream ends.',
    permission: 'authenticated',
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['types'],
      properties: {
        types: {
          type: 'string',
          minLength: 1,
          maxLength: 4_000,
          description: 'The types that are wanted, or what they begin with, separated by commas: `campaign:*`.',
        },
        campaignId: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          description: 'Only events of this campaign: its id, its identifier, or 0 for the default campaign.',
        },
      },
    },
    headers: {
      type: 'object',
      properties: {
        'last-event-id': {
          type: 'string',
          maxLength: 200,
          description: 'The id of the last message that was read: what came since is sent first.',
        },
      },
    },
    response: { status: 200, kind: 'stream', mediaType: 'text/event-stream', description: 'The events.' },
    errors: ['CAMPAIGN_NOT_FOUND', 'LIMIT_EXCEEDED'],
    handler: async (ctx, { query, headers }) => ({
      stream: await listenToEvents(ctx, {
        types: query.types.split(','),
        campaignId: query.campaignId,
        lastEventId: headers['last-event-id'],
      }),
      type: 'text/event-stream; charset=utf-8',
      headers: streamHeaders,
    }),
  }),
];
