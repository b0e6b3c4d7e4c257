import { campaign } from '../../schemas/campaign.ts';
import { campaignCreate, campaignPatch } from '../../schemas/campaign-draft.ts';
import { campaignPublic } from '../../schemas/campaign-public.ts';
import { campaignWithState } from '../../schemas/live-state.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { replyDocument, replyPublic } from './campaign-replies.ts';
import { selectExpectedVersion } from './if-match.ts';
import { createHeaders, domain, locale, passwordHeaders, updateHeaders } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaigns';

const readQuery = {
  locale,
  showAllLocales: { type: 'boolean', description: 'Whether all locales are shown.' },
} as const;

const include = {
  type: 'string',
  enum: ['state'],
  description: 'What is shown besides: its live state, as `metadata.state`.',
} as const;

const readErrors = ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'] as const;

const writeErrors = [
  'INVALID_CAMPAIGN',
  'DOMAIN_NAME_CONFLICT',
  'CAMPAIGN_NAME_CONFLICT',
  'MISSING_PRESALE_WINDOW_DATE',
  'INVALID_PRESALE_WINDOW_DATE_ORDER',
] as const;

/** POST is how updates have always been sent; PATCH says the same. */
const updateRoutes = (['POST', 'PATCH'] as const).map(method =>
  defineRoute({
    method,
    path: '/campaigns/:campaignId',
    tag,
    summary: method === 'PATCH' ? 'Update a campaign' : 'Update a campaign (the same as PATCH)',
    permission: 'update',
    headers: updateHeaders,
    body: campaignPatch,
    response: {
      status: 200,
      kind: 'document',
      description: 'The campaign after the update, in all locales.',
      schema: campaign,
    },
    errors: [...writeErrors, 'CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_STATUS_CHANGE', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const updated = await campaignManager.update(ctx, params.campaignId, body, { expectedVersion });
      return replyDocument(campaignManager.selectView(updated, 'full', 'all'));
    },
  }),
);

/** The routes of campaigns themselves. */
export const campaignRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns',
    tag,
    summary: 'Read the campaign of a domain',
    description: 'Where public reads are on, an opened campaign is shown to everyone, in its public view.',
    permission: 'read-or-public',
    query: { type: 'object', additionalProperties: false, required: ['domain'], properties: { domain, ...readQuery } },
    headers: passwordHeaders,
    response: {
      status: 200,
      kind: 'document',
      description: 'The campaign, or its public view.',
      schema: { description: 'The campaign, or its public view.', anyOf: [campaign, campaignPublic] },
    },
    errors: readErrors,
    handler: async (ctx, { query, headers }) => {
      const { domain: site, ...options } = query;
      const password = headers['x-campaign-password'];
      return replyPublic(await campaignManager.findByDomain(ctx, site, { ...options, password }));
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
    query: { type: 'object', additionalProperties: false, properties: { ...readQuery, include } },
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The campaign.', schema: campaignWithState },
    errors: readErrors,
    handler: async (ctx, { params, query, headers }) => {
      const options = { ...query, password: headers['x-campaign-password'] };
      const { findById, findWithState } = campaignManager;
      return replyDocument(
        await (query.include === 'state' ? findWithState : findById)(ctx, params.campaignId, options),
      );
    },
  }),
  ...updateRoutes,
];
