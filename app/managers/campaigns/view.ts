import { createRepresentation, type Representation } from '../../../lib/representation.ts';
import { type CachedCampaign } from '../../services/campaign-cache.ts';
import { type LiveState, selectStateTag } from '../live-states.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type Audience, formatLocalised, type LocaleChoice } from './format.ts';
import { selectFallbacks } from './locale.ts';

/** A campaign as one reader sees it. */
export interface CampaignView {
  readonly representation: Representation;
  readonly version: number;
  /** Whether the database is away and this may be old. */
  readonly stale: boolean;
}

/** Gives the encoded view of a campaign for an audience and a choice of locale; encoded once for each version. */
export function selectView(campaign: CachedCampaign, audience: Audience, choice: LocaleChoice): CampaignView {
  const { document, stale } = campaign;
  const key = `${audience}.${selectLocaleKey(document, choice)}`;
  const representation = campaign.view(key, () => {
    const shown = formatLocalised(document, audience, choice);
    return createRepresentation({
      data: shown.data,
      etag: `"${document.version}-${key}"`,
      ...(shown.locale !== undefined && { meta: { locale: shown.locale } }),
    });
  });
  return { representation, version: document.version, stale };
}

/** Gives a campaign and its live state, as one reader sees them. Encoded anew each time: states change often. */
export function selectViewWithState(
  { document, stale }: CachedCampaign,
  choice: LocaleChoice,
  state: Omit<LiveState, 'campaignId'>,
): CampaignView {
  const { data, locale } = formatLocalised(document, 'full', choice);
  const representation = createRepresentation({
    data: { ...data, metadata: { state } },
    etag: `"${document.version}-full.${selectLocaleKey(document, choice)}.state-${selectStateTag(state)}"`,
    ...(locale !== undefined && { meta: { locale } }),
  });
  return { representation, version: document.version, stale };
}

/** Names the texts that are shown: whatever was asked for, what falls back to the same has one view. */
function selectLocaleKey({ locales = [] }: CampaignDocument, choice: LocaleChoice): string {
  if (typeof choice === 'string') return choice;
  const fallbacks = selectFallbacks(locales, choice.wanted);
  const isDefault = fallbacks.length <= 1 && fallbacks[0] === selectFallbacks(locales, undefined)[0];
  // `all` is a language tag, too: what is wanted and how it is chosen must not meet under one key.
  return isDefault ? 'default' : `locale-${fallbacks.join('-')}`;
}
