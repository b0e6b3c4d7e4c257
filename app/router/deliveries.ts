import { deliveriesState, effectName, redriveResult, redriveWrite } from '../../schemas/delivery.ts';
import { paging } from '../../schemas/paging.ts';
import { findDeliveries, redrive } from '../managers/deliveries.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Administration';

/** The routes about what is delivered to other systems. */
export const deliveryRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/admin/deliveries',
    tag,
    summary: 'See what is still to be delivered, and what was given up',
    permission: 'supreme',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { ...paging, effect: { ...effectName, description: 'Only its dead letters.' } },
    },
    response: {
      status: 200,
      kind: 'document',
      description: 'The counts by system, and a page of the dead letters.',
      schema: deliveriesState,
    },
    handler: async (ctx, { query }) => {
      const { effects, dead } = await findDeliveries(ctx, query);
      const { rows, ...pagination } = dead;
      return { data: { effects, dead: rows }, meta: { pagination } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/deliveries/redrive',
    tag,
    summary: 'Try dead letters again',
    description:
      'They come after whatever of their documents was delivered meanwhile: who receives them drops what is older than what it has.',
    permission: 'supreme',
    body: redriveWrite,
    response: { status: 200, kind: 'document', description: 'How many.', schema: redriveResult },
    handler: async (ctx, { body }) => ({ data: await redrive(ctx, body) }),
  }),
];
