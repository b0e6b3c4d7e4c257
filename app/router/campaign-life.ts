import { campaignStatusView } from '../../schemas/campaign-public.ts';
import { change } from '../../schemas/change.ts';
import { refreshResult } from '../../schemas/refresh-result.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { replyPublicStatus } from './campaign-replies.ts';
import { domain, pagingQuery, passwordHeaders, replyPage } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaigns';

/** The routes of a campaign's life: its status, its history, the refresh. They stand before those with `:campaignId`. */
export const campaignLifeRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns/status',
    tag,
    summary: 'Read the status of the campaign of a domain',
    permission: 'read-or-public',
    query: { type: 'object', additionalProperties: false, required: ['domain'], properties: { domain } },
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The status.', schema: campaignStatusView },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { query, headers }) => {
      const password = headers['x-campaign-password'];
      return replyPublicStatus(await campaignManager.findStatus(ctx, { domain: query.domain }, { password }));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/refresh',
    tag,
    summary: 'Open, close and retire every campaign whose time has come',
    permission: 'supreme',
    response: { status: 200, kind: 'document', description: 'What was done.', schema: refreshResult },
    handler: async ctx => ({ data: await campaignManager.refresh(ctx, ctx.service.refreshOptions) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/status',
    tag,
    summary: 'Read the status of a campaign',
    permission: 'read-or-public',
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The status.', schema: campaignStatusView },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, headers }) => {
      const password = headers['x-campaign-password'];
      return replyPublicStatus(await campaignManager.findStatus(ctx, { campaignId: params.campaignId }, { password }));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/history',
    tag,
    summary: 'Read who changed what, and when',
    permission: 'read',
    query: pagingQuery,
    headers: passwordHeaders,
    response: {
      status: 200,
      kind: 'list',
      description:
        'The changes of the campaign and its markets, the latest first; `meta.statusHistory` has every status.',
      schema: change,
    },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, query, headers }) => {
      const options = { ...query, password: headers['x-campaign-password'] };
      const { statusHistory, ...page } = await campaignManager.findHistory(ctx, params.campaignId, options);
      return replyPage(page, { statusHistory });
    },
  }),
];
