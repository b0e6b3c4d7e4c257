import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type Campaign, campaign as campaignSchema } from '../../../schemas/campaign.ts';
import { campaignPublic } from '../../../schemas/campaign-public.ts';
import { localise, selectFallbacks } from './locale.ts';

/** Who looks: `full` is for those who may read the campaign, `public` for everyone else. */
export type Audience = 'full' | 'public';

/** Which locales are wanted: all, one (a canonical tag), or the campaign's default. */
export type LocaleChoice = 'all' | { readonly wanted: string } | 'default';

/** A campaign as it is shown: as it is stored, with instants as dates, and without what is the server's own. */
export type FormattedCampaign = Partial<Record<keyof Campaign, unknown>> & { readonly _id: string };

const fields: Readonly<Record<Audience, readonly string[]>> = {
  full: Object.keys(campaignSchema.properties),
  public: Object.keys(campaignPublic.properties),
};

/** Gives every field that an audience may see, in the schema's order, in all locales. */
export function formatCampaign(campaign: CampaignDocument, audience: Audience = 'full'): FormattedCampaign {
  const shown: Record<string, unknown> = {};
  const stored = campaign as unknown as Readonly<Record<string, unknown>>;
  for (const field of fields[audience]) if (stored[field] !== undefined) shown[field] = stored[field];
  if (audience === 'public' && campaign.domain !== undefined) shown['domain'] = formatPublicDomain(campaign.domain);
  if (campaign.password !== undefined) shown['isPasswordProtected'] = true;
  return shown as FormattedCampaign;
}

/** Where a preview lies is nobody's business but the team's. */
function formatPublicDomain({ preview: _preview, ...domain }: NonNullable<CampaignDocument['domain']>): object {
  return domain;
}

/**
 * Gives a campaign in one locale: content and labels hold that locale alone, completed field by field along the
 * fallbacks. `locale` says which of the declared locales was used; undefined when the campaign declares none.
 */
export function formatLocalised(
  campaign: CampaignDocument,
  audience: Audience,
  choice: LocaleChoice,
): { data: FormattedCampaign; locale: string | undefined } {
  const data = formatCampaign(campaign, audience);
  if (choice === 'all') return { data, locale: undefined };
  const fallbacks = selectFallbacks(campaign.locales ?? [], choice === 'default' ? undefined : choice.wanted);
  const [locale] = fallbacks;
  if (locale === undefined) return { data, locale };
  const only = <T>(byLocale: Readonly<Record<string, T>> | undefined): Record<string, T> | undefined => {
    const texts = localise(byLocale, fallbacks);
    return texts === undefined ? undefined : { [locale]: texts };
  };
  return {
    locale,
    data: {
      ...data,
      ...(campaign.content && { content: only(campaign.content) ?? {} }),
      ...(data.preferences !== undefined && {
        preferences: campaign.preferences?.map(preference => ({
          ...preference,
          ...(preference.labels && { labels: only(preference.labels) ?? {} }),
          ...(preference.choices && {
            choices: preference.choices.map(one => ({ ...one, ...(one.labels && { labels: only(one.labels) ?? {} }) })),
          }),
        })),
      }),
    },
  };
}

/** Gives what may be told of a protected campaign without its password: what every campaign has. */
export function formatProtected(campaign: CampaignDocument): FormattedCampaign {
  const shown = formatCampaign(campaign) as Readonly<Record<string, unknown>>;
  const told = [...campaignSchema.required, 'isPasswordProtected'];
  return Object.fromEntries(told.map(field => [field, shown[field]])) as FormattedCampaign;
}
