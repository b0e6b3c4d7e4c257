import { type DataReply, type ReplyHeaders, type RepresentationReply } from '../../lib/middlewares/request-state.ts';
import { type CampaignStatusView, type Publicity } from '../managers/campaigns/read.ts';
import { type CampaignView } from '../managers/campaigns/view.ts';
import { campaignKey, domainKey } from '../services/surrogate-keys.ts';

/** How long a CDN may keep a public view, in seconds; a change purges it by its surrogate keys. */
const PUBLIC_MAX_AGE_SECONDS = 300;
/** How long a CDN may show what it kept once more while it asks for a new one, and while the service does not answer. */
const STALE_SECONDS = { whileRevalidating: 60, whileAway: 86_400 };

const publicHeaders: ReplyHeaders = {
  'cache-control': `public, max-age=0, s-maxage=${PUBLIC_MAX_AGE_SECONDS}`,
  // For the CDN alone, which takes it off: browsers always ask.
  'surrogate-control': `max-age=${PUBLIC_MAX_AGE_SECONDS}, stale-while-revalidate=${STALE_SECONDS.whileRevalidating}, stale-if-error=${STALE_SECONDS.whileAway}`,
  vary: 'accept-encoding, authorization',
};

/** By the encoded view that they belong to: a view that is answered often has its headers ready. */
const headersOfViews = new WeakMap<object, ReplyHeaders>();

/** Whether everyone gets this answer: it hangs on no token and no password, and was read while the database was there. */
function isKept({ audience, isProtected, stale }: Publicity): boolean {
  return audience === 'public' && !isProtected && !stale;
}

function createHeaders({ campaignId, site }: Publicity): ReplyHeaders {
  const keys = site === undefined ? [campaignKey(campaignId)] : [campaignKey(campaignId), domainKey(site)];
  return { ...publicHeaders, 'surrogate-key': keys.join(' ') };
}

/** Gives a campaign as an answer; `meta.cache` says when the database was away and it may be old. */
export function replyDocument({ representation, stale }: CampaignView): RepresentationReply {
  return stale ? { representation, meta: { cache: 'stale' } } : { representation };
}

/** Gives a campaign that may be public as an answer: what everyone may see, a CDN may keep. */
export function replyPublic(view: CampaignView & Publicity): RepresentationReply {
  if (!isKept(view)) return replyDocument(view);
  const { representation } = view;
  let headers = headersOfViews.get(representation);
  if (headers === undefined) {
    headers = createHeaders(view);
    headersOfViews.set(representation, headers);
  }
  return { representation, headers };
}

/** Gives the status of a campaign that may be public as an answer, likewise. */
export function replyPublicStatus({
  status,
  ...publicity
}: { readonly status: CampaignStatusView } & Publicity): DataReply {
  return isKept(publicity) ? { data: status, headers: createHeaders(publicity) } : { data: status };
}
