import { campaignFaqs, campaignFaqsPatch, campaignTerms, campaignTermsPatch } from '../../schemas/campaign-texts.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { selectExpectedVersion } from './if-match.ts';
import { locale, passwordHeaders, updateHeaders } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Campaign texts';
const query = { type: 'object', additionalProperties: false, properties: { locale } } as const;
const readErrors = ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN_PASSWORD'] as const;
const writeErrors = ['CAMPAIGN_NOT_FOUND', 'INVALID_CAMPAIGN', 'VERSION_MISMATCH'] as const;

/** The routes of a campaign's questions and terms, one locale at a time. */
export const campaignTextRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/faqs',
    tag,
    summary: 'Read the questions of a locale',
    permission: 'read',
    query,
    headers: passwordHeaders,
    response: {
      status: 200,
      kind: 'document',
      description: 'The questions, completed along the fallbacks.',
      schema: campaignFaqs,
    },
    errors: readErrors,
    handler: async (ctx, { params, query, headers }) => {
      const options = { ...query, password: headers['x-campaign-password'] };
      const { texts, locale } = await campaignManager.findFaqs(ctx, params.campaignId, options);
      return { data: { locale, faqs: texts } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/faqs',
    tag,
    summary: 'Change the questions of a locale',
    permission: 'update',
    query,
    headers: updateHeaders,
    body: campaignFaqsPatch,
    response: { status: 200, kind: 'document', description: 'The questions of the locale.', schema: campaignFaqs },
    errors: writeErrors,
    handler: async (ctx, { params, query, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { texts, locale } = await campaignManager.updateFaqs(ctx, params.campaignId, query.locale, body.faqs, {
        expectedVersion,
      });
      return { data: { locale, faqs: texts } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/terms',
    tag,
    summary: 'Read the terms of a locale',
    permission: 'read',
    query,
    headers: passwordHeaders,
    response: { status: 200, kind: 'document', description: 'The terms, along the fallbacks.', schema: campaignTerms },
    errors: readErrors,
    handler: async (ctx, { params, query, headers }) => {
      const options = { ...query, password: headers['x-campaign-password'] };
      const { texts, locale } = await campaignManager.findTerms(ctx, params.campaignId, options);
      return { data: { locale, terms: texts } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/terms',
    tag,
    summary: 'Change the terms of a locale',
    permission: 'update',
    query,
    headers: updateHeaders,
    body: campaignTermsPatch,
    response: { status: 200, kind: 'document', description: 'The terms of the locale.', schema: campaignTerms },
    errors: writeErrors,
    handler: async (ctx, { params, query, body, headers }) => {
      const expectedVersion = selectExpectedVersion(headers['if-match']);
      const { texts, locale } = await campaignManager.updateTerms(ctx, params.campaignId, query.locale, body.terms, {
        expectedVersion,
      });
      return { data: { locale, terms: texts } };
    },
  }),
];
