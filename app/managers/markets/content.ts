import { type MarketContent } from '../../../schemas/market.ts';
import { isEqual } from '../../datastore/diff.ts';
import { deriveFields } from '../../datastore/market-derived.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { type NewDocument } from '../../datastore/versioned.ts';
import { type MarketCampaign, throwIfInvalidPoint, throwIfOutsideCampaign } from './rules.ts';
import { type reviveMarket } from './validation.ts';

/** What a client may write of a market, with instants as dates. */
export type WrittenMarket = ReturnType<typeof reviveMarket>;

/**
 * Makes the first content of a market from what was written. Throws `ValidationError` (a point that is nowhere) and
 * `InvalidCampaignError` (dates outside of the campaign's).
 */
export function createContent(
  written: WrittenMarket,
  campaign: MarketCampaign,
  { id, campaignId, at }: { readonly id: string; readonly campaignId: string; readonly at: Date },
): NewDocument<MarketDocument> {
  const content: MarketContent = {
    _id: id,
    campaignId,
    ...written,
    selection: { status: 'none' },
    date: { created: at, updated: at },
    version: 1,
  };
  return finishMarket(null, content, campaign, at);
}

/**
 * Brings new content into the form in which it is stored: the rules kept, the selection asked for when the presale
 * moved, the derived fields. Dates are held against the campaign's only when they are new: a campaign that moved its
 * own leaves its markets free to be edited. Throws as `createContent`.
 */
export function finishMarket<M extends MarketContent>(
  current: MarketDocument | null,
  content: M,
  campaign: MarketCampaign,
  at: Date,
): M {
  if (content.point !== current?.point) throwIfInvalidPoint(content);
  if (!isEqual(content.event, current?.event)) throwIfOutsideCampaign(content, campaign);
  return withDerivedFields(withPresale(current, content, at));
}

/** Asks for a new selection when the presale moved, and drops a reminder that would come after it. */
function withPresale<M extends MarketContent>(current: MarketDocument | null, content: M, at: Date): M {
  const presale = content.event?.presaleDateTime;
  if (isEqual(presale, current?.event?.presaleDateTime)) return content;
  const next: M = { ...content, selection: { ...content.selection, status: 'pending', requestedAt: at } };
  const { notification } = next;
  if (notification?.date && !notification.notified && (presale === undefined || notification.date > presale)) {
    delete next.notification;
  }
  return next;
}

/** Renews the fields that exist for the indexes' sake. */
export function withDerivedFields<M extends MarketContent>(content: M): M {
  const next: M & Partial<MarketDocument> = { ...content };
  for (const field of ['nameKey', 'eventKeys', 'notifyAt']) delete (next as Record<string, unknown>)[field];
  return { ...next, ...deriveFields(content) };
}
