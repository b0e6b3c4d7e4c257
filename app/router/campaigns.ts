import { campaign } from '../../schemas/campaign.ts';
import { campaignCreate } from '../../schemas/campaign-draft.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { replyDocument, replyPublic } from './campaign-replies.ts';
import { createHeaders, domain, locale, passwordHeaders, updateHeaders } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaigns';

const readQuery = {
  locale,
  showAllLocales: { type: 'boolean', description: 'Whether all locales are shown.' },
} as const;

const writeErrors = [
  'INVALID_CAMPAIGN',
  'DOMAIN_NAME_CONFLICT',
  'CAMPAIGN_NAME_CONFLICT',
  'MISSING_PRESALE_WINDOW_DATE',
  'INVALID_PRESALE_WINDOW_DATE_ORDER',
] as const;

const updateRoute = {
  path: '/campaigns/:campaignId',
  tag,
  permission: 'update',
  headers: updateHeaders,
  body: {
    $id: 'campaignPatch',
    type: 'object',
    description: 'A JSON merge patch (RFC 7396) of the campaign; `status` makes a transition.',
  },
  response: { status: 200, kind: 'document', description: 'The campaign after the update, in all locales.', schema: campaign },
  errors: [...writeErrors, 'CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_STATUS_CHANGE', 'VERSION_MISMATCH'],
} as const;

const updateHandler: Parameters<typeof defineRoute<'/campaigns/:campaignId', false, typeof updateRoute.body, typeof updateHeaders>>[0]['handler'] = async (
  ctx,
  { params, body, headers },
) => {
  const expectedVersion = campaignManager.selectExpectedVersion(headers['if-match']);
  const updated = await campaignManager.update(ctx, params.campaignId, body, { expectedVersion });
  return replyDocument(campaignManager.selectView(updated, 'full', 'all'));
};

/** The routes of campaigns. Literal paths come before those with parameters. */
export const campaignRoutes: readonly AnyRoute[] = [
  }),
  }),
  }),
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns',
    tag,
    summary: 'Read the campaign of a domain',
    description: 'Where public reads are on, an opened campaign is shown to everyone, in its public view.',
    permission: 'read-or-public',
    query: { type: 'object', additionalProperties: false, required: ['domain'], properties: { domain, ...readQuery } },
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The campaign, or its public view.', schema: campaign },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { query, headers }) => {
      const { domain: site, ...options } = query;
      return replyPublic(await campaignManager.findByDomain(ctx, site, { ...options, password: headers['x-campaign-password'] }));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns',
    tag,
    summary: 'Make a campaign',
    permission: 'supreme',
    headers: createHeaders,
    body: campaignCreate,
    response: { status: 201, kind: 'document', description: 'The campaign, a DRAFT.', schema: campaign },
    errors: [...writeErrors, 'IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { body, headers }) => {
      const key = selectIdempotencyKey(ctx.actor?.userId ?? '', 'POST /campaigns', headers['idempotency-key'], body);
      const made = await campaignManager.create(ctx, body, key);
      const reply = replyDocument(campaignManager.selectView(made, 'full', 'all'));
      return { ...reply, status: 201, headers: { location: `/campaigns/${made.document._id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId',
    tag,
    summary: 'Read a campaign',
    permission: 'read',
    query: { type: 'object', additionalProperties: false, properties: readQuery },
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The campaign.', schema: campaign },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, query, headers }) =>
      replyDocument(await campaignManager.findById(ctx, params.campaignId, { ...query, password: headers['x-campaign-password'] })),
  }),
  defineRoute({ ...updateRoute, method: 'POST', summary: 'Update a campaign (the same as PATCH)', handler: updateHandler }),
  defineRoute({ ...updateRoute, method: 'PATCH', summary: 'Update a campaign', handler: updateHandler }),
  }),
];
