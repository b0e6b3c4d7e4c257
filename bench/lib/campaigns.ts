import { Ajv } from 'ajv';
import { campaignCount, campaignDocument, campaignId } from '../document.ts';
import { campaignUpdate, campaignUpdateSchema } from '../update.ts';
import { type Target } from './protocol.ts';

/** A stored campaign, by the fields that a peer needs to know of. */
export type StoredCampaign = Readonly<Record<string, unknown>>;

/** The campaigns that a peer starts with, by id. */
export const createCampaigns = (): Map<string, StoredCampaign> =>
  new Map(Array.from({ length: campaignCount }, (_, index) => [campaignId(index + 1), campaignDocument(index + 1)]));

/** Whether the value is an update that the schema allows; the same compiled check for every peer. */
export const isUpdate = new Ajv().compile<StoredCampaign>(campaignUpdateSchema);

/** Reading the first campaign of a peer. */
export const readTarget = (prefix: string, headers: Readonly<Record<string, string>> = {}): Target => ({
  path: prefix + campaignId(1),
  headers,
  status: 200,
});

/** Updating the campaigns of a peer at random; all of them, unless told. */
export const updateTarget = (
  method: 'PATCH' | 'POST',
  prefix: string,
  headers: Readonly<Record<string, string>> = {},
  pick = { count: campaignCount, stride: 1 },
): Target => ({
  path: `${prefix}@id@`,
  headers: { ...headers, 'content-type': 'application/json' },
  status: 200,
  method,
  body: JSON.stringify(campaignUpdate),
  pick,
});
