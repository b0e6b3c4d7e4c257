import { type CampaignContent } from '../../schemas/campaign.ts';
import { type VersionedDocument } from './versioned.ts';

/** What the campaigns collection holds: the content, and fields that exist for indexes and bookkeeping alone. */
export interface CampaignDocument extends VersionedDocument, CampaignContent {
  readonly _id: string;
  readonly version: number;
  /** The lower-cased name, unique; unset while INACTIVE. */
  readonly nameKey?: string;
  /** Lower-cased words of what is searched. */
  readonly search: readonly string[];
  /** Kept when the campaign was made under an idempotency key. */
  readonly idempotency?: { readonly bodyHash: string };
}
