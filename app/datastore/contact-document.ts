import { type ContactContent } from '../../schemas/contact.ts';
import { type VersionedDocument } from './versioned.ts';

/** What the contacts collection holds: the content, and fields that exist for indexes and bookkeeping alone. */
export interface ContactDocument extends VersionedDocument, ContactContent {
  readonly _id: string;
  readonly version: number;
  /** Kept when the contact was made under an idempotency key. */
  readonly idempotency?: { readonly bodyHash: string };
}
