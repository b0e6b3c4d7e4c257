import { liveState, stateAcknowledgement, stateHistory, stateRollbackWrite } from '../../schemas/live-state.ts';
import { findState, findStateHistory, presentState, rollBackState } from '../managers/live-states.ts';
import { createHeaders } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Live states';

const stateVersion = {
  type: 'integer',
  minimum: 1,
  description: 'A version of the state; the current one when left out.',
} as const;

/** The doors to live states for those who are not connected. They lead where the channel leads. */
export const campaignStateRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/state',
    tag,
    summary: 'Read the live state of a campaign',
    description: 'Who may change the variants of a state sees it as it is; all others see the variant that is theirs.',
    permission: 'read',
    isCampaignNamed: true,
    query: { type: 'object', additionalProperties: false, properties: { version: stateVersion } },
    response: { status: 200, kind: 'document', description: 'The state.', schema: liveState },
    errors: ['CAMPAIGN_NOT_FOUND', 'STATE_VERSION_NOT_FOUND'],
    handler: async (ctx, { params, query }) => ({
      representation: presentState(await findState(ctx, params.campaignId, query.version)),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/state/history',
    tag,
    summary: 'Read who changed the live state of a campaign, and when',
    permission: 'read',
    isCampaignNamed: true,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        before: { ...stateVersion, description: 'Only versions before this one.' },
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'How many at most.' },
      },
    },
    response: { status: 200, kind: 'document', description: 'The changes, the latest first.', schema: stateHistory },
    errors: ['CAMPAIGN_NOT_FOUND'],
    handler: async (ctx, { params, query }) => ({ data: await findStateHistory(ctx, params.campaignId, query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/state/rollback',
    tag,
    summary: 'Make a version of the live state that equals an older one',
    permission: 'update',
    isCampaignNamed: true,
    headers: createHeaders,
    body: stateRollbackWrite,
    response: {
      status: 200,
      kind: 'document',
      description: 'The version that was made.',
      schema: stateAcknowledgement,
    },
    errors: ['CAMPAIGN_NOT_FOUND', 'STATE_VERSION_NOT_FOUND', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { params, body, headers }) => ({
      data: await rollBackState(ctx, params.campaignId, body, headers['idempotency-key']),
    }),
  }),
];
