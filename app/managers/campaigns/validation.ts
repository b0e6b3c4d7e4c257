import { type ErrorDetail } from '../../../lib/errors.ts';
import { compileDates } from '../../../lib/schema/dates.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { campaignDraft, type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { type Stored } from '../../../schemas/common.ts';
import { campaignV1 } from '../../../schemas/campaign-v1.ts';
import { campaignV2 } from '../../../schemas/campaign-v2.ts';
import { fanlistCampaign } from '../../../schemas/fanlist-campaign.ts';

const validators = {
  campaignDraft: createValidator<CampaignWrite>(campaignDraft),
  campaignV1: createValidator<CampaignWrite>(campaignV1),
  campaignV2: createValidator<CampaignWrite>(campaignV2),
  fanlistCampaign: createValidator<CampaignWrite>(fanlistCampaign),
} satisfies Record<string, Validator<CampaignWrite>>;

export type CampaignSchemaName = keyof typeof validators;

const dates = compileDates(campaignDraft);

/** Which schema a campaign must keep: a DRAFT, and what is left of an INACTIVE one, may be incomplete. */
export function selectSchema(
  campaign: { readonly type?: unknown; readonly schema?: unknown },
  status: CampaignStatus,
): CampaignSchemaName {
  if (status === 'DRAFT' || status === 'INACTIVE') return 'campaignDraft';
  if (campaign.type === 'fanlist') return 'fanlistCampaign';
  return (campaign.schema as { version?: unknown } | undefined)?.version === 1 ? 'campaignV1' : 'campaignV2';
}

/** Validates what a client wrote of a campaign, whole, in its wire form. Throws `ValidationError` with every fault. */
export function throwIfInvalidSchema(name: CampaignSchemaName, campaign: unknown): asserts campaign is CampaignWrite {
  const validator: Validator<CampaignWrite> = validators[name];
  validator.throwIfInvalid(campaign);
}

/** Gives every fault of what a client wrote of a campaign, whole, in its wire form. */
export function selectFaults(name: CampaignSchemaName, campaign: unknown): readonly ErrorDetail[] {
  return validators[name].selectFaults(campaign);
}

/** Turns the instants of a validated campaign into dates. */
export function reviveCampaign(campaign: CampaignWrite): Stored<typeof campaignDraft> {
  return dates.revive(campaign) as unknown as Stored<typeof campaignDraft>;
}

/** The fields that the server alone writes. */
export const readOnlyFields = [
  '_id',
  'statusHistory',
  'version',
  'audit',
  'isPasswordProtected',
  'date.created',
  'date.updated',
  'date.opened',
  'date.closed',
  'date.inactivated',
] as const;
