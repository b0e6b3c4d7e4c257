import { type PromoterContent } from '../../schemas/promoter.ts';
import { type VersionedDocument } from './versioned.ts';

/** What the promoters collection holds: the content, and fields that exist for indexes and bookkeeping alone. */
export interface PromoterDocument extends VersionedDocument, PromoterContent {
  readonly _id: string;
  readonly version: number;
  /** The lower-cased name, unique. */
  readonly nameKey?: string;
  /** Kept when the promoter was made under an idempotency key. */
  readonly idempotency?: { readonly bodyHash: string };
}
