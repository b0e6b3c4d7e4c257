import { estimateBytes } from '../../../lib/estimate-bytes.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { deriveFields } from '../../datastore/campaign-derived.ts';
import { selectContent } from '../../datastore/diff.ts';
import { InvalidCampaignError } from '../../errors.ts';
import { selectWritable } from '../patching.ts';
import { formatCampaign } from './format.ts';
import { sanitiseContent } from './rich-text.ts';
import { throwIfInvalidCampaign } from './rules.ts';
import { transition } from './transitions.ts';
import { readOnlyFields, selectSchema, throwIfInvalidSchema } from './validation.ts';

/** Gives a campaign in its wire form: instants as strings, as clients and the schemas know them. */
export function toWire(campaign: CampaignDocument): Record<string, unknown> {
  const { date, statusHistory } = campaign;
  return {
    ...formatCampaign(campaign),
    date: Object.fromEntries(Object.entries(date).map(([name, instant]) => [name, instant.toISOString()])),
    statusHistory: statusHistory.map(entry => ({ ...entry, date: entry.date.toISOString() })),
  };
}

/** Checks that a stored campaign has all that a status asks for: a DRAFT may be incomplete. Throws `ValidationError`. */
export function throwIfIncomplete(campaign: CampaignDocument, status: CampaignStatus): void {
  const { status: _status, ...shown } = toWire(campaign);
  throwIfInvalidSchema(selectSchema(campaign, status), selectWritable(shown, shown, readOnlyFields).writable);
}

/**
 * Brings new content into the form in which it is stored: lower-cased domains, safe rich text, the rules kept, the
 * transition made, the size within bounds, the derived fields. What is identical to `current` was brought into it before.
 * Throws `ValidationError` (too large), the errors of `throwIfInvalidCampaign` and `InvalidStatusChangeError`.
 */
export function finishCampaign(
  current: CampaignDocument | null,
  content: CampaignDocument,
  { status, at, by }: { readonly status: CampaignStatus; readonly at: Date; readonly by: string },
): CampaignDocument {
  let next = content;
  if (next.domain !== undefined && next.domain !== current?.domain) next = { ...next, domain: lowerCased(next.domain) };
  if (next.content !== undefined && next.content !== current?.content) {
    next = { ...next, content: sanitiseContent(next.content, current?.content) };
  }
  throwIfInvalidCampaign(next);
  if (next !== current) throwIfTooLarge(next);
  if (next.status === 'INACTIVE' && next.domain?.site !== undefined) {
    throw new InvalidCampaignError('An INACTIVE campaign has no domain.', {
      details: [{ path: '/domain/site', message: 'must be absent' }],
    });
  }
  if (status !== next.status) next = transition(next, status, at, by);
  return withDerivedFields(current, next);
}

/** Messages about a campaign hold the whole of it, and streams take a mebibyte. */
const MAX_CAMPAIGN_BYTES = 512 * 1024;

function throwIfTooLarge(document: CampaignDocument): void {
  // The record of the last change lies in the document for a while: it is not the campaign's.
  const campaign = selectContent(document);
  // The estimate is many times cheaper; a character takes three bytes at most.
  if (estimateBytes(campaign) <= MAX_CAMPAIGN_BYTES / 3) return;
  const bytes = Buffer.byteLength(JSON.stringify(campaign));
  if (bytes <= MAX_CAMPAIGN_BYTES) return;
  throw new ValidationError([
    { message: `The campaign as a whole has ${bytes} bytes, ${MAX_CAMPAIGN_BYTES} at most.` },
  ]);
}

function lowerCased(domain: NonNullable<CampaignDocument['domain']>): NonNullable<CampaignDocument['domain']> {
  return {
    ...(domain.site !== undefined && { site: domain.site.toLowerCase() }),
    ...(domain.preview !== undefined && { preview: domain.preview.toLowerCase() }),
  };
}

const sources = ['name', 'artist', 'tour', 'domain', 'identifier', 'status'] as const;

function withDerivedFields(current: CampaignDocument | null, next: CampaignDocument): CampaignDocument {
  if (current !== null && sources.every(field => current[field] === next[field])) return next;
  const { nameKey: _old, ...rest } = next;
  return { ...rest, ...deriveFields(next) };
}
