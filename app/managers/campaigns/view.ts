import { createRepresentation, type Representation } from '../../../lib/representation.ts';
import { type CachedCampaign } from '../../services/campaign-cache.ts';
import { type Audience, formatLocalised, type LocaleChoice } from './format.ts';

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
  // `all` is a language tag, too: what is wanted and how it is chosen must not meet under one key.
  const locale = typeof choice === 'string' ? choice : `locale-${choice.wanted}`;
  const key = `${audience}.${locale}`;
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

/** Reads the version out of an `If-Match` header: `"7-full.all"` and `"7"` are 7; `*` and no header are undefined. */
export function selectExpectedVersion(ifMatch: string | undefined): number | undefined {
  const found = /^\s*"(\d+)(?:-[^"]*)?"\s*$/.exec(ifMatch ?? '')?.[1];
  if (found !== undefined) return Number(found);
  // A tag that is none of ours matches no version.
  return ifMatch === undefined || ifMatch.trim() === '*' ? undefined : -1;
}
