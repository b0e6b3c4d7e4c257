import { ValidationError } from '../../../lib/errors.ts';
import { type CampaignStatus, campaignStatuses } from '../../../schemas/campaign.ts';
import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { InvalidStatusChangeError } from '../../errors.ts';
import { patchDocument } from '../patching.ts';
import { finishCampaign, toWire } from './content.ts';
import { throwIfInvalidStatusChange } from './transitions.ts';
import { readOnlyFields, reviveCampaign, selectFaults, selectSchema } from './validation.ts';

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
 * rules, makes the transition. Top-level fields that the patch leaves as they are keep their identity, and so does the
 * campaign when nothing changes.
 * Throws `ValidationError`, `InvalidStatusChangeError` and the errors of `throwIfInvalidCampaign`.
 */
export function patchCampaign(
  current: CampaignDocument,
  patch: CampaignPatch,
  { at, by, password }: PatchOptions,
): CampaignDocument {
  // Neither is merged: a status is reached by a transition, and of a password the hash alone is kept.
  const { status: wanted = current.status, password: plain, ...content } = patch;
  const { status: _shown, ...shown } = toWire(current);
  const status = selectStatus(wanted);
  if (status !== current.status) {
    // What the state machine allows, less what is the refresh's alone.
    if (status === 'INACTIVE') throw new InvalidStatusChangeError(current.status, status);
    throwIfInvalidStatusChange(current.status, status);
  }
  const patched = patchDocument(current, shown, content, {
    readOnly: readOnlyFields,
    selectFaults: writable => {
      const whole: Record<string, unknown> = {
        ...writable,
        ...(plain !== undefined && plain !== null && { password: plain }),
      };
      // Who makes a campaign may leave the identifier to the server; from then on the campaign has one.
      const missing = whole['identifier'] === undefined ? [{ path: '/identifier', message: 'is required' }] : [];
      return [...missing, ...selectFaults(selectSchema(whole, status), whole)];
    },
    revive: writable => reviveCampaign(writable as CampaignWrite),
  });
  const next = withPassword(patched, password);
  if (next === current && status === current.status) return current;
  return finishCampaign(current, next, { status, at, by });
}

function selectStatus(status: unknown): CampaignStatus {
  const found = campaignStatuses.find(one => one === status);
  if (found === undefined)
    throw new ValidationError([{ path: '/status', message: `must be one of ${campaignStatuses.join(', ')}` }]);
  return found;
}

function withPassword(campaign: CampaignDocument, password: string | null | undefined): CampaignDocument {
  if (password === undefined || (password === null && campaign.password === undefined)) return campaign;
  const { password: _old, ...rest } = campaign;
  return password === null ? rest : { ...rest, password };
}
