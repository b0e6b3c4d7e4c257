import { contact, contactPatch, contactWrite } from '../../schemas/contact.ts';
import { paging, sortDirection } from '../../schemas/paging.ts';
import { contactSortFields } from '../datastore/contacts.ts';
import { contactManager } from '../managers/contacts.ts';
import { selectIdempotencyKey } from '../managers/idempotency.ts';
import { selectExpectedVersion } from './if-match.ts';
import { createHeaders, replyPage, updateHeaders, toDirection } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Contacts';

const defineUpdate = (method: 'POST' | 'PATCH', summary: string): AnyRoute =>
  defineRoute({
    method,
    path: '/contacts/:contactId',
    tag,
    summary,
    permission: 'supreme',
    headers: updateHeaders,
    body: contactPatch,
    response: { status: 200, kind: 'document', description: 'The contact after the update.', schema: contact },
    errors: ['CONTACT_NOT_FOUND', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { representation } = await contactManager.update(ctx, params.contactId, body, { expectedVersion });
      return { representation };
    },
  });

/** The routes of contacts. */
export const contactRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/contacts',
    tag,
    summary: 'List the contacts',
    permission: 'supreme',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        sortBy: { type: 'string', enum: contactSortFields, default: 'date.created', description: 'What is sorted by.' },
        sortDirection,
        ...paging,
      },
    },
    response: { status: 200, kind: 'list', description: 'A page of contacts.', schema: contact },
    handler: async (ctx, { query }) => {
      const { sortDirection: direction, ...rest } = query;
      return replyPage(await contactManager.list(ctx, { ...rest, direction: toDirection(direction) }));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/contacts',
    tag,
    summary: 'Make a contact',
    permission: 'supreme',
    headers: createHeaders,
    body: contactWrite,
    response: { status: 201, kind: 'document', description: 'The contact.', schema: contact },
    errors: ['IDEMPOTENCY_KEY_REUSED'],
    handler: async (ctx, { body, headers }) => {
      const key = selectIdempotencyKey(ctx.actor?.userId ?? '', 'POST /contacts', headers['idempotency-key'], body);
      const { _id, representation } = await contactManager.create(ctx, body, key);
      return { status: 201, representation, headers: { location: `/contacts/${_id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/contacts/:contactId',
    tag,
    summary: 'Read a contact',
    permission: 'supreme',
    response: { status: 200, kind: 'document', description: 'The contact.', schema: contact },
    errors: ['CONTACT_NOT_FOUND'],
    handler: async (ctx, { params }) => {
      const { representation } = await contactManager.findById(ctx, params.contactId);
      return { representation };
    },
  }),
  defineUpdate('POST', 'Update a contact (the same as PATCH)'),
  defineUpdate('PATCH', 'Update a contact'),
  defineRoute({
    method: 'DELETE',
    path: '/contacts/:contactId',
    tag,
    summary: 'Delete a contact',
    description: 'Campaigns that name the contact show it no more.',
    permission: 'supreme',
    headers: updateHeaders,
    response: { status: 204, kind: 'empty', description: 'The contact is gone.' },
    errors: ['CONTACT_NOT_FOUND', 'VERSION_MISMATCH'],
    handler: async (ctx, { params, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      await contactManager.remove(ctx, params.contactId, { expectedVersion });
      return { status: 204 };
    },
  }),
];
