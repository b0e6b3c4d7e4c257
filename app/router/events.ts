import { instant } from '../../schemas/common.ts';
import { event, eventPatch, eventStatuses } from '../../schemas/event.ts';
import { paging, sortDirection } from '../../schemas/paging.ts';
import { eventSortFields } from '../datastore/events.ts';
import { eventManager } from '../managers/events.ts';
import { selectExpectedVersion } from './if-match.ts';
import { replyPage, updateHeaders, toDirection } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Events';

/** The routes of events. */
export const eventRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/events',
    tag,
    summary: 'List the shows that the service keeps',
    permission: 'supreme',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        status: { type: 'string', enum: eventStatuses, description: 'The status.' },
        until: { ...instant, description: 'Only shows that end by then.' },
        sortBy: { type: 'string', enum: eventSortFields, default: 'date.end', description: 'What is sorted by.' },
        sortDirection,
        ...paging,
      },
    },
    response: { status: 200, kind: 'list', description: 'A page of shows.', schema: event },
    handler: async (ctx, { query }) => {
      const { until, sortDirection: direction, ...rest } = query;
      return replyPage(
        await eventManager.list(ctx, {
          ...rest,
          until: until === undefined ? undefined : new Date(until),
          direction: toDirection(direction),
        }),
      );
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/events/:eventId',
    tag,
    summary: 'Keep or change a show',
    description: 'A show that the service does not know is made; it needs a status.',
    permission: 'supreme',
    headers: updateHeaders,
    body: eventPatch,
    response: { status: 200, kind: 'document', description: 'The show.', schema: event },
    errors: ['EVENT_NOT_FOUND', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { representation } = await eventManager.save(ctx, params.eventId, body, { expectedVersion });
      return { representation };
    },
  }),
];
