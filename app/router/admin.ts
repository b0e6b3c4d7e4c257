import { change } from '../../schemas/change.ts';
import { stateChange } from '../../schemas/campaign-state.ts';
import { instant } from '../../schemas/common.ts';
import { erase, exportData, revoke } from '../managers/users.ts';
import { pagingQuery } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Administration';
const userId = { type: 'string', description: "The user's id, as tokens name it." } as const;

/** The routes about users. */
export const adminRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/admin/users/:userId/revoke',
    tag,
    summary: 'Refuse the tokens that a user has',
    description: 'Tokens that are issued later are good again. Other instances follow within a few seconds.',
    permission: 'supreme',
    response: {
      status: 200,
      kind: 'document',
      description: 'From when on tokens are good.',
      schema: {
        $id: 'revocation',
        type: 'object',
        additionalProperties: false,
        description: 'A revocation.',
        required: ['userId', 'notBefore'],
        properties: { userId, notBefore: { ...instant, description: 'Tokens issued until then are refused.' } },
      },
    },
    handler: async (ctx, { params }) => ({ data: await revoke(ctx, params.userId) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/users/:userId/data',
    tag,
    summary: 'Export what is held about a user',
    permission: 'supreme',
    query: pagingQuery,
    response: {
      status: 200,
      kind: 'document',
      description:
        'The reference that stands for the user, and a page of what names it. The last page has the end of the longer list.',
      schema: {
        $id: 'userData',
        type: 'object',
        additionalProperties: false,
        description: 'What is held about a user.',
        required: ['userId', 'reference', 'changes', 'stateChanges'],
        properties: {
          userId,
          reference: {
            type: ['string', 'null'],
            description: 'The opaque reference in records; null when nothing names the user.',
          },
          changes: {
            type: 'array',
            items: change,
            description: 'A page of the changes that the user made, the latest first.',
          },
          stateChanges: {
            type: 'array',
            items: stateChange,
            description: 'What the user changed in live states: of a page of commits, the latest first.',
          },
        },
      },
    },
    handler: async (ctx, { params, query }) => {
      const { changes, stateChanges, ...user } = await exportData(ctx, params.userId, query);
      const { rows, ...paging } = changes;
      // Whoever goes through all pages has seen the end of both lists.
      const pagination = { ...paging, total: Math.max(changes.total, stateChanges.total) };
      return { data: { ...user, changes: rows, stateChanges: stateChanges.rows }, meta: { pagination } };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/admin/users/:userId/data',
    tag,
    summary: 'Erase a user',
    description: 'Removes the one row that leads from records to the user; the records stay and name nobody.',
    permission: 'supreme',
    response: {
      status: 200,
      kind: 'document',
      description: 'What was done.',
      schema: {
        $id: 'erasure',
        type: 'object',
        additionalProperties: false,
        description: 'An erasure.',
        required: ['erased'],
        properties: { erased: { type: 'boolean', description: 'Whether there was anything to erase.' } },
      },
    },
    handler: async (ctx, { params }) => ({ data: await erase(ctx, params.userId) }),
  }),
];
