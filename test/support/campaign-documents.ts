import { createId } from '../../lib/ids.ts';
import { type CampaignDocument } from '../../app/datastore/campaign-document.ts';
import { createContent } from '../../app/managers/campaigns/create.ts';
import { type CampaignWrite } from '../../schemas/campaign-draft.ts';
import { buildCampaign } from './factories.ts';

/** When the campaigns of these tests were made. */
export const MADE_AT = new Date('2026-03-01T12:00:00.000Z');

/** Gives a complete campaign as it is stored: what a client wrote of it, then fields that a test sets as they are. */
export function createCampaignDocument(
  written: Partial<CampaignWrite> = {},
  stored: Partial<CampaignDocument> = {},
): CampaignDocument {
  const id = createId();
  const content = createContent(
    { ...buildCampaign(written), identifier: written.identifier ?? `campaign-${id}` },
    { id, at: MADE_AT, by: 'maker' },
  );
  return { ...content, version: 1, ...stored };
}
