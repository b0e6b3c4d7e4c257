import { type RepresentationReply } from '../../lib/middlewares/request-state.ts';
import { type Audience } from '../managers/campaigns/format.ts';
import { type CampaignView } from '../managers/campaigns/view.ts';

/** How long a CDN may keep a public view, in seconds; a change purges it by its surrogate key. */
const PUBLIC_MAX_AGE_SECONDS = 300;

/** Gives a campaign as an answer; `meta.cache` says when the database was away and it may be old. */
export function replyDocument({ representation, stale }: CampaignView): RepresentationReply {
  return stale ? { representation, meta: { cache: 'stale' } } : { representation };
}

/** Gives a campaign that may be public as an answer: what everyone may see, a CDN may keep. */
export function replyPublic(
  view: CampaignView & { audience: Audience; campaignId: string; isProtected: boolean },
): RepresentationReply {
  const reply = replyDocument(view);
  if (view.audience !== 'public' || view.isProtected || view.stale) return reply;
  return {
    ...reply,
    headers: {
      'cache-control': `public, max-age=0, s-maxage=${PUBLIC_MAX_AGE_SECONDS}`,
      'surrogate-key': `campaign/${view.campaignId}`,
      vary: 'accept-encoding, authorization',
    },
  };
}
