import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { throwIfNotSupreme } from '../../policy.ts';
import { type Gitlab, type Published } from '../../services/gitlab.ts';
import { createNotConfigured } from '../../services/unavailable.ts';
import { toWire } from '../patching.ts';
import { formatCampaign } from './format.ts';

type Context = ManagerContext<'campaigns'>;

/** What was published of a campaign, beside what it is now. */
export interface PublicationView extends Published {
  readonly currentVersion: number;
  readonly isCurrent: boolean;
}

/** Gives GitLab. Throws `ServiceUnavailableError`, which names the settings that are missing. */
function selectGitlab(ctx: Context): Gitlab {
  const { gitlab } = ctx.service;
  if ('missing' in gitlab) throw createNotConfigured('gitlab', { name: 'GitLab', missing: gitlab.missing });
  return gitlab;
}

/** Gives the campaign as the database has it now: what is published is no older than what was last written. */
async function selectCurrent(ctx: Context, campaignId: string): Promise<CampaignDocument> {
  throwIfNotSupreme(ctx.actor);
  const campaign = await ctx.datastore.campaigns.findById(campaignId);
  if (campaign === null) throw new CampaignNotFoundError();
  return campaign;
}

function describe(published: Published, { version }: CampaignDocument): PublicationView {
  return { ...published, currentVersion: version, isCurrent: published.version === version };
}

/**
 * Publishes the public view of a campaign, in all locales, to GitLab, and triggers the pipeline; the same version again
 * does nothing. Only for supreme users. Throws `CampaignNotFoundError`, `ServiceUnavailableError`.
 */
export async function publish(ctx: Context, campaignId: string): Promise<PublicationView> {
  const campaign = await selectCurrent(ctx, campaignId);
  const { version, name, identifier } = campaign;
  const published = await selectGitlab(ctx).publish(
    {
      id: campaignId,
      version,
      content: toWire(formatCampaign(campaign, 'public')),
      message: `Publish ${identifier} at version ${version}\n\n${name}`,
    },
    ctx.signal,
  );
  ctx.log.info('campaign.published', { campaignId, version, commit: published.commit?.id });
  return describe(published, campaign);
}

/** Says what of a campaign was published, and how the pipeline stands. Only for supreme users. Throws as `publish`. */
export async function findPublication(ctx: Context, campaignId: string): Promise<PublicationView> {
  const campaign = await selectCurrent(ctx, campaignId);
  return describe(await selectGitlab(ctx).find(campaignId, ctx.signal), campaign);
}
