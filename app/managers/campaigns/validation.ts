import { type ErrorDetail, ValidationError } from '../../../lib/errors.ts';
import { compileDates } from '../../../lib/schema/dates.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { isEqual } from '../../datastore/diff.ts';
import { type CampaignContent, type CampaignStatus } from '../../../schemas/campaign.ts';
import { campaignDraft, type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { campaignV1 } from '../../../schemas/campaign-v1.ts';
import { campaignV2 } from '../../../schemas/campaign-v2.ts';
import { fanlistCampaign } from '../../../schemas/fanlist-campaign.ts';

const validators = {
  campaignDraft: createValidator(campaignDraft),
  campaignV1: createValidator(campaignV1),
  campaignV2: createValidator(campaignV2),
  fanlistCampaign: createValidator(fanlistCampaign),
} satisfies Record<string, Validator>;

export type CampaignSchemaName = keyof typeof validators;

const dates = compileDates(campaignDraft);

/** Which schema a campaign must keep: a DRAFT, and what is left of an INACTIVE one, may be incomplete. */
export function selectSchema(campaign: { readonly type?: unknown; readonly schema?: unknown }, status: CampaignStatus): CampaignSchemaName {
  if (status === 'DRAFT' || status === 'INACTIVE') return 'campaignDraft';
  if (campaign.type === 'fanlist') return 'fanlistCampaign';
  return (campaign.schema as { version?: unknown } | undefined)?.version === 1 ? 'campaignV1' : 'campaignV2';
}

/** Validates what a client wrote of a campaign, whole, in its wire form. Throws `ValidationError` with every fault. */
export function throwIfInvalidSchema(name: CampaignSchemaName, campaign: unknown): asserts campaign is CampaignWrite {
  validators[name].throwIfInvalid(campaign);
}

/** Turns the instants of a validated campaign into dates. */
export function reviveCampaign(campaign: CampaignWrite): Omit<CampaignContent, ServerField | 'date'> & { date?: Partial<CampaignContent['date']> } {
  return dates.revive(campaign) as ReturnType<typeof reviveCampaign>;
}

const serverFields = ['_id', 'statusHistory', 'version', 'audit', 'isPasswordProtected'] as const;
const serverDates = ['created', 'updated', 'opened', 'closed', 'inactivated'] as const;
type ServerField = (typeof serverFields)[number] | 'status';

type Fields = Readonly<Record<string, unknown>>;

function throwIfChanged(path: string, fields: readonly string[], before: Fields, after: Fields, faults: ErrorDetail[]): void {
  for (const field of fields) {
    if (before[field] !== after[field] && !isEqual(before[field], after[field])) {
      faults.push({ path: `${path}/${field}`, message: 'is read-only' });
    }
  }
}

/**
 * Takes away the fields that the server alone writes. What equals the stored value is let pass, so that a document
 * that was read can be edited and sent back; anything else is a `ValidationError` that names it.
 *
 * @param shown the campaign as it is shown, in wire form
 * @param merged the same with the client's patch applied
 */
export function selectWritable(shown: Fields, merged: Fields): { writable: Record<string, unknown>; status: unknown } {
  const faults: ErrorDetail[] = [];
  throwIfChanged('', serverFields, shown, merged, faults);
  const writable: Record<string, unknown> = { ...merged };
  for (const field of serverFields) delete writable[field];
  delete writable['status'];
  if (typeof merged['date'] === 'object' && merged['date'] !== null) {
    const date: Record<string, unknown> = { ...merged['date'] };
    throwIfChanged('/date', serverDates, shown['date'] as Fields, date, faults);
    for (const field of serverDates) delete date[field];
    writable['date'] = date;
  } else if (shown['date'] !== undefined && merged['date'] === undefined) {
    // `"date": null` takes away what a client may set; what the server set stays.
    writable['date'] = {};
  }
  if (faults.length > 0) throw new ValidationError(faults);
  return { writable, status: merged['status'] };
}
