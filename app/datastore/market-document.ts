import { type MarketContent } from '../../schemas/market.ts';
import { type VersionedDocument } from './versioned.ts';

/** What the markets collection holds: the content, and fields that exist for indexes and bookkeeping alone. */
export interface MarketDocument extends VersionedDocument, MarketContent {
  readonly _id: string;
  readonly version: number;
  /** `<campaignId>:<lower-cased name>`, unique. */
  readonly nameKey?: string;
  /** `<campaignId>:<eventId>` for each show, each unique; absent when there is none. */
  readonly eventKeys?: readonly string[];
  /** When fans are to be reminded; absent when they have been, or are not to be. */
  readonly notifyAt?: Date;
  /** The market that this one was cloned from. */
  readonly clonedFrom?: string;
  /** Kept when the market was made under an idempotency key. */
  readonly idempotency?: { readonly bodyHash: string };
}
