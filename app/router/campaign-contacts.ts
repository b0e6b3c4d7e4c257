import { contact, contactWrite } from '../../schemas/contact.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { createHeaders, passwordHeaders } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaigns';
const path = '/campaigns/:campaignId/contacts';

/** The routes of a campaign's contacts. */
export const campaignContactRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path,
    tag,
    summary: 'Read the contacts of a campaign',
    permission: 'read',
    headers: passwordHeaders,
    response: {
      status: 200,
      kind: 'document',
      description: 'The contacts, in their order.',
      schema: { type: 'array', items: contact, description: 'Contacts.' },
    },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'],
    handler: async (ctx, { params, headers }) => {
      const password = headers['x-campaign-password'];
      return { data: await campaignManager.findContacts(ctx, params.campaignId, { password }) };
    },
  }),
  defineRoute({
    method: 'POST',
    path,
    tag,
    summary: 'Make a contact and add it to a campaign',
    description: 'A contact is taken away from a campaign by an update of its `contacts`.',
    permission: 'update',
    headers: createHeaders,
    body: contactWrite,
    response: { status: 201, kind: 'document', description: 'The contact.', schema: contact },
    errors: ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN', 'IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { params, body, headers }) => {
      const route = `POST /campaigns/${params.campaignId}/contacts`;
      const key = selectIdempotencyKey(ctx.actor?.userId ?? '', route, headers['idempotency-key'], body);
      const made = await campaignManager.addContact(ctx, params.campaignId, body, key);
      return { data: made, status: 201, headers: { location: `/contacts/${made._id}` } };
    },
  }),
];
