import { campaignWritable, campaignWritableDates } from './campaign.ts';
import { type Wire } from './common.ts';

/** The dates of a campaign as a client writes them. */
export const writableDate = {
  type: 'object',
  additionalProperties: false,
  description: 'The dates that a client sets.',
  properties: campaignWritableDates,
} as const;

export const password = {
  type: 'string',
  minLength: 4,
  maxLength: 200,
  description: 'A password that the public needs to see the campaign. Write-only; stored as a salted scrypt hash.',
} as const;

/** A campaign in DRAFT may be incomplete; all it needs is a name. */
export const campaignDraft = {
  $id: 'campaignDraft',
  type: 'object',
  additionalProperties: false,
  description: 'A campaign while it is a draft: it may be incomplete.',
  required: ['type', 'schema', 'name'],
  properties: { ...campaignWritable, date: writableDate, password },
} as const;

/** What a client writes of a campaign, whatever its kind. */
export type CampaignWrite = Wire<typeof campaignDraft>;

/** The body that makes a campaign: `type` is `registration` and `schema.version` 2 unless said otherwise. */
export const campaignCreate = {
  $id: 'campaignCreate',
  type: 'object',
  additionalProperties: false,
  description: 'The body that makes a campaign. It begins as a DRAFT.',
  required: ['name'],
  properties: {
    ...campaignDraft.properties,
    status: { type: 'string', enum: ['DRAFT'], description: 'A campaign begins as a DRAFT.' },
  },
} as const;

/** The body that updates a campaign. What it may hold is decided on the campaign as a whole, once it is merged. */
export const campaignPatch = {
  $id: 'campaignPatch',
  type: 'object',
  description: 'A JSON merge patch (RFC 7396) of the campaign; `status` makes a transition, `password` protects.',
} as const;
