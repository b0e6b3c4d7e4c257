import { campaign, campaignStatuses, campaignTypes } from '../../schemas/campaign.ts';
import { eventId, instant } from '../../schemas/common.ts';
import { paging, sortDirection } from '../../schemas/paging.ts';
import { campaignSortFields } from '../datastore/campaigns.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { replyPage, toDirection } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaigns';

const presaleQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    presaleQueryStartDate: { ...instant, description: 'The start of the window; only together with its end.' },
    presaleQueryEndDate: { ...instant, description: 'The end of the window.' },
  },
} as const;

const presaleErrors = ['MISSING_PRESALE_WINDOW_DATE', 'INVALID_PRESALE_WINDOW_DATE_ORDER'] as const;

/** A list of plain values as an answer. */
const valuesOf = <const S extends object>(items: S, description: string) =>
  ({ status: 200, kind: 'document', description, schema: { type: 'array', items, description } }) as const;

/** The routes that find campaigns. They stand before those with `:campaignId`. */
export const campaignQueryRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns/list',
    tag,
    summary: 'List the campaigns that the caller may read',
    permission: 'authenticated',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        q: {
          type: 'string',
          maxLength: 200,
          description: 'Words: each begins a word of the name, artist, tour, domain or identifier.',
        },
        type: { type: 'string', enum: campaignTypes, description: 'The type.' },
        status: { type: 'string', enum: campaignStatuses, description: 'The status.' },
        version: { type: 'integer', enum: [1, 2], description: "The schema's version." },
        artistId: { type: 'string', maxLength: 64, description: "The artist's id." },
        sortBy: {
          type: 'string',
          enum: campaignSortFields,
          default: 'date.created',
          description: 'What is sorted by.',
        },
        sortDirection,
        ...paging,
      },
    },
    response: { status: 200, kind: 'list', description: 'A page of campaigns, in all locales.', schema: campaign },
    handler: async (ctx, { query }) => {
      const { version: schemaVersion, sortDirection: order, sortBy, page, pageSize, ...filter } = query;
      const direction = toDirection(order);
      return replyPage(
        await campaignManager.list(ctx, { ...filter, schemaVersion, sortBy, direction, page, pageSize }),
      );
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/ids',
    tag,
    summary: 'Find the campaigns of categories',
    permission: 'authenticated',
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['categoryIds'],
      properties: {
        categoryIds: {
          type: 'string',
          minLength: 1,
          maxLength: 4000,
          description: 'The categories, separated by commas.',
        },
      },
    },
    response: valuesOf(campaign.properties._id, 'The ids, sorted.'),
    handler: async (ctx, { query }) => {
      const categoryIds = query.categoryIds.split(',').map(id => id.trim());
      return { data: await campaignManager.findIds(ctx, categoryIds) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/categoryIds',
    tag,
    summary: 'Find the categories of campaigns whose presale window meets a given one',
    permission: 'authenticated',
    query: presaleQuery,
    response: valuesOf(campaign.properties.categoryId, 'The categories, sorted.'),
    errors: presaleErrors,
    handler: async (ctx, { query }) => {
      const window = campaignManager.selectPresaleWindow(query.presaleQueryStartDate, query.presaleQueryEndDate);
      return { data: await campaignManager.findCategoryIds(ctx, window) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/eventIds',
    tag,
    summary: 'Find the events of campaigns whose presale window meets a given one',
    permission: 'authenticated',
    query: presaleQuery,
    response: valuesOf(eventId, 'The event ids, sorted.'),
    errors: presaleErrors,
    handler: async (ctx, { query }) => {
      const window = campaignManager.selectPresaleWindow(query.presaleQueryStartDate, query.presaleQueryEndDate);
      return { data: await campaignManager.findEventIds(ctx, window) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/events',
    tag,
    summary: 'Find the campaigns for a ticketing event',
    permission: 'authenticated',
    query: { type: 'object', additionalProperties: false, required: ['eventId'], properties: { eventId } },
    response: valuesOf(campaign, 'The campaigns, in all locales.'),
    handler: async (ctx, { query }) => ({ data: await campaignManager.findByEvent(ctx, query.eventId) }),
  }),
];
