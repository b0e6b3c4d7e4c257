import { promoter, promoterPatch, promoterWrite } from '../../schemas/promoter.ts';
import { paging, sortDirection } from '../../schemas/paging.ts';
import { promoterSortFields } from '../datastore/promoters.ts';
import { promoterManager } from '../managers/promoters.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { selectExpectedVersion } from './if-match.ts';
import { createHeaders, replyPage, updateHeaders, toDirection } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Promoters';

const defineUpdate = (method: 'POST' | 'PATCH', summary: string): AnyRoute =>
  defineRoute({
    method,
    path: '/promoters/:promoterId',
    tag,
    summary,
    permission: 'supreme',
    headers: updateHeaders,
    body: promoterPatch,
    response: { status: 200, kind: 'document', description: 'The promoter after the update.', schema: promoter },
    errors: ['PROMOTER_NOT_FOUND', 'PROMOTER_NAME_CONFLICT', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { representation } = await promoterManager.update(ctx, params.promoterId, body, { expectedVersion });
      return { representation };
    },
  });

/** The routes of promoters. */
export const promoterRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/promoters',
    tag,
    summary: 'List the promoters',
    permission: 'supreme',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        sortBy: {
          type: 'string',
          enum: promoterSortFields,
          default: 'date.created',
          description: 'What is sorted by.',
        },
        sortDirection,
        ...paging,
      },
    },
    response: { status: 200, kind: 'list', description: 'A page of promoters.', schema: promoter },
    handler: async (ctx, { query }) => {
      const { sortDirection: direction, ...rest } = query;
      return replyPage(await promoterManager.list(ctx, { ...rest, direction: toDirection(direction) }));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/promoters',
    tag,
    summary: 'Make a promoter',
    permission: 'supreme',
    headers: createHeaders,
    body: promoterWrite,
    response: { status: 201, kind: 'document', description: 'The promoter.', schema: promoter },
    errors: ['PROMOTER_NAME_CONFLICT', 'IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { body, headers }) => {
      const key = selectIdempotencyKey(ctx.actor?.userId ?? '', 'POST /promoters', headers['idempotency-key'], body);
      const { _id, representation } = await promoterManager.create(ctx, body, key);
      return { status: 201, representation, headers: { location: `/promoters/${_id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/promoters/:promoterId',
    tag,
    summary: 'Read a promoter',
    permission: 'supreme',
    response: { status: 200, kind: 'document', description: 'The promoter.', schema: promoter },
    errors: ['PROMOTER_NOT_FOUND'],
    handler: async (ctx, { params }) => {
      const { representation } = await promoterManager.findById(ctx, params.promoterId);
      return { representation };
    },
  }),
  defineUpdate('POST', 'Update a promoter (the same as PATCH)'),
  defineUpdate('PATCH', 'Update a promoter'),
  defineRoute({
    method: 'DELETE',
    path: '/promoters/:promoterId',
    tag,
    summary: 'Delete a promoter',
    description: 'A promoter that a market names cannot be deleted.',
    permission: 'supreme',
    headers: updateHeaders,
    response: { status: 204, kind: 'empty', description: 'The promoter is gone.' },
    errors: ['PROMOTER_NOT_FOUND', 'INVALID_CAMPAIGN', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      await promoterManager.remove(ctx, params.promoterId, { expectedVersion });
      return { status: 204 };
    },
  }),
];
