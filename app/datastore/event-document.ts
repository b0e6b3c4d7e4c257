import { type EventContent } from '../../schemas/event.ts';
import { type VersionedDocument } from './versioned.ts';

/** What the events collection holds. Its `_id` is the show's id in the Discovery API. */
export interface EventDocument extends VersionedDocument, EventContent {
  readonly _id: string;
  readonly version: number;
}
