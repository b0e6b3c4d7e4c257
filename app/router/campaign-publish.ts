import { publication } from '../../schemas/publication.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const path = '/campaigns/:campaignId/publish';
const tag = 'Campaigns';
const errors = ['CAMPAIGN_NOT_FOUND'] as const;

/** The routes that publish a campaign's configuration to GitLab. */
export const campaignPublishRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'POST',
    path,
    tag,
    summary: 'Publish the public configuration of a campaign',
    description:
      'Commits the public view, in all locales, as a file of the GitLab project, and triggers its pipeline. The same version again does nothing.',
    permission: 'supreme',
    response: { status: 200, kind: 'document', description: 'What is published.', schema: publication },
    errors,
    handler: async (ctx, { params }) => ({ data: await campaignManager.publish(ctx, params.campaignId) }),
  }),
  defineRoute({
    method: 'GET',
    path,
    tag,
    summary: 'Read what of a campaign is published, and how the pipeline stands',
    permission: 'supreme',
    response: { status: 200, kind: 'document', description: 'What is published.', schema: publication },
    errors,
    handler: async (ctx, { params }) => ({ data: await campaignManager.findPublication(ctx, params.campaignId) }),
  }),
];
