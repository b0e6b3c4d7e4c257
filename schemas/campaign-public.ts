import { campaign } from './campaign.ts';

const {
  contacts: _contacts,
  audit: _audit,
  preferences: _preferences,
  statusHistory: _history,
  linkedCampaignIds: _linked,
  ...properties
} = campaign.properties;
const { preview: _preview, ...publicDomain } = campaign.properties.domain.properties;

/**
 * A campaign as the public sees it: no contacts, no audit, no preferences, no history, nothing of campaigns and pages
 * that have not been opened.
 */
export const campaignPublic = {
  $id: 'campaignPublic',
  type: 'object',
  additionalProperties: false,
  description: 'A campaign as the public sees it.',
  required: ['_id', 'type', 'schema', 'status', 'name', 'identifier', 'date', 'version'],
  properties: { ...properties, domain: { ...properties.domain, properties: publicDomain } },
} as const;

/** What is shown where only the status is asked for. */
export const campaignStatusView = {
  $id: 'campaignStatus',
  type: 'object',
  additionalProperties: false,
  description: "A campaign's status and dates.",
  required: ['id', 'status', 'date'],
  properties: { id: campaign.properties._id, status: campaign.properties.status, date: campaign.properties.date },
} as const;
