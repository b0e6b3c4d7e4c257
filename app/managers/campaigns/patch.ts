import { ValidationError } from '../../../lib/errors.ts';
import { applyMergePatch } from '../../../lib/merge-patch.ts';
import { type CampaignStatus, campaignStatuses } from '../../../schemas/campaign.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { isEqual } from '../../datastore/diff.ts';
import { finishCampaign, toWire } from './content.ts';
import { throwIfInvalidStatusChange } from './transitions.ts';
import { reviveCampaign, selectSchema, selectWritable, throwIfInvalidSchema } from './validation.ts';

/** A JSON merge patch of what the API shows of a campaign. */
export type CampaignPatch = Readonly<Record<string, unknown>>;

export interface PatchOptions {
  readonly at: Date;
  /** Who patches, an opaque reference. */
  readonly by: string;
  /** The hash of a new password, null to take it away, undefined to leave it. */
  readonly password?: string | null | undefined;
}

/**
 * Makes the next content of a campaign of a patch: merges, validates the whole, sanitises what changed, checks the
 * rules, makes the transition. Top-level fields that the patch leaves as they are keep their identity.
 * Throws `ValidationError`, `InvalidStatusChangeError` and the errors of `throwIfInvalidCampaign`.
 */
export function patchCampaign(current: CampaignDocument, patch: CampaignPatch, { at, by, password }: PatchOptions): CampaignDocument {
  const shown = toWire(current);
  const merged = applyMergePatch(shown, patch) as Record<string, unknown>;
  const { writable, status = current.status } = selectWritable(shown, merged);
  throwIfInvalidStatus(status);
  if (status !== current.status) throwIfInvalidStatusChange(current.status, status);
  // On its way out a campaign must still be whole; once it is INACTIVE its domain is gone.
  throwIfInvalidSchema(selectSchema(writable, status === 'INACTIVE' ? current.status : status), writable);
  const revived: Readonly<Record<string, unknown>> = reviveCampaign(writable);

  const next: Record<string, unknown> = { ...current };
  for (const field of Object.keys(patch)) {
    if (!(field in writable || field in shown) || handledApart.has(field) || isEqual(shown[field], merged[field])) continue;
    if (revived[field] === undefined) delete next[field];
    else next[field] = revived[field];
  }
  if ('date' in patch && !isEqual(shown['date'], merged['date'])) {
    next['date'] = { ...selectServerDates(current.date), ...(revived['date'] as object) };
  }
  if (password === null) delete next['password'];
  else if (password !== undefined) next['password'] = password;
  return finishCampaign(current, next as unknown as CampaignDocument, { status, at, by });
}

/** Fields that have a way of their own into the document, or none. */
const handledApart: ReadonlySet<string> = new Set(['date', 'password', 'status', '_id', 'statusHistory', 'version', 'audit', 'isPasswordProtected']);

function throwIfInvalidStatus(status: unknown): asserts status is CampaignStatus {
  if (!campaignStatuses.some(one => one === status)) {
    throw new ValidationError([{ path: '/status', message: `must be one of ${campaignStatuses.join(', ')}` }]);
  }
}

function selectServerDates({ created, updated, opened, closed, inactivated }: CampaignDocument['date']): CampaignDocument['date'] {
  return { created, updated, ...(opened && { opened }), ...(closed && { closed }), ...(inactivated && { inactivated }) };
}
