import { market } from '../../schemas/market.ts';
import { marketClones } from '../../schemas/market-clones.ts';
import { marketList } from '../../schemas/market-list.ts';
import { marketPatch, marketWrite } from '../../schemas/market-write.ts';
import { paging, sortDirection } from '../../schemas/paging.ts';
import { marketSortFields } from '../datastore/markets.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { marketReminderRoutes } from './market-reminders.ts';
import { selectExpectedVersion } from './if-match.ts';
import { createHeaders, passwordHeaders, replyPage, updateHeaders, toDirection } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Markets';

const writeErrors = [
  'CAMPAIGN_NOT_FOUND',
  'INVALID_CAMPAIGN',
  'MARKET_NAME_CONFLICT',
  'MARKET_EVENT_CONFLICT',
] as const;

const defineUpdate = (method: 'POST' | 'PATCH', summary: string): AnyRoute =>
  defineRoute({
    method,
    path: '/campaigns/:campaignId/markets/:marketId',
    tag,
    summary,
    permission: 'update',
    headers: updateHeaders,
    body: marketPatch,
    response: { status: 200, kind: 'document', description: 'The market after the update.', schema: market },
    errors: [...writeErrors, 'MARKET_NOT_FOUND', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { representation } = await marketManager.update(ctx, params.campaignId, params.marketId, body, {
        expectedVersion,
      });
      return { representation };
    },
  });

/** The routes of markets. Literal paths come before those with parameters. */
export const marketRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/markets',
    tag,
    summary: 'List the markets of a campaign',
    description:
      'With `useGeoJson` it answers all markets, by name, as one FeatureCollection: page and sort are for the list.',
    permission: 'read',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        useGeoJson: { type: 'boolean', default: false, description: 'Whether to answer a GeoJSON FeatureCollection.' },
        sortBy: { type: 'string', enum: marketSortFields, default: 'date.created', description: 'What is sorted by.' },
        sortDirection,
        ...paging,
      },
    },
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The markets.', schema: marketList },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, query, headers }) => {
      const { campaignId } = params;
      const { useGeoJson, sortDirection: order, ...rest } = query;
      const access = { password: headers['x-campaign-password'] };
      if (useGeoJson) return { data: await marketManager.findFeatures(ctx, campaignId, access) };
      const direction = toDirection(order);
      return replyPage(await marketManager.list(ctx, { campaignId, ...rest, direction }, access));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/markets',
    tag,
    summary: 'Add a market to a campaign',
    permission: 'update',
    headers: createHeaders,
    body: marketWrite,
    response: { status: 201, kind: 'document', description: 'The market.', schema: market },
    errors: [...writeErrors, 'IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { params, body, headers }) => {
      const path = `/campaigns/${params.campaignId}/markets`;
      const key = selectIdempotencyKey(ctx.actor?.userId ?? '', `POST ${path}`, headers['idempotency-key'], body);
      const { _id, representation } = await marketManager.create(ctx, params.campaignId, body, key);
      return { status: 201, representation, headers: { location: `${path}/${_id}` } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/markets/clones',
    tag,
    summary: 'Clone markets of another campaign into a campaign',
    description:
      'Needs `update` on both campaigns. Reminders and selections stay behind. A repeat keeps the clones that there are and completes the rest.',
    permission: 'update',
    body: marketClones,
    response: {
      status: 201,
      kind: 'document',
      description: 'The clones, in the order of their sources.',
      schema: { type: 'array', items: market, description: 'The clones.' },
    },
    errors: writeErrors,
    handler: async (ctx, { params, body }) => ({
      status: 201,
      data: await marketManager.clone(ctx, params.campaignId, body),
    }),
  }),
  ...marketReminderRoutes,
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/markets/:marketId',
    tag,
    summary: 'Read a market',
    permission: 'read',
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The market.', schema: market },
    errors: ['CAMPAIGN_NOT_FOUND', 'MARKET_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, headers }) => {
      const password = headers['x-campaign-password'];
      const { representation } = await marketManager.findById(ctx, params.campaignId, params.marketId, { password });
      return { representation };
    },
  }),
  defineUpdate('POST', 'Update a market (the same as PATCH)'),
  defineUpdate('PATCH', 'Update a market'),
  defineRoute({
    method: 'DELETE',
    path: '/campaigns/:campaignId/markets/:marketId',
    tag,
    summary: 'Delete a market',
    permission: 'update',
    headers: updateHeaders,
    response: { status: 204, kind: 'empty', description: 'The market is gone.' },
    errors: ['CAMPAIGN_NOT_FOUND', 'MARKET_NOT_FOUND', 'INVALID_CAMPAIGN', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      await marketManager.remove(ctx, params.campaignId, params.marketId, { expectedVersion });
      return { status: 204 };
    },
  }),
];
