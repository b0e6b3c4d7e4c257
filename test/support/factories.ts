import { createId } from '../../lib/ids.ts';
import { type Campaign } from '../../schemas/campaign.ts';
import { type ContactWrite } from '../../schemas/contact.ts';
import { type Market } from '../../schemas/market.ts';
import { type MarketWrite } from '../../schemas/market-write.ts';
import { type CampaignWrite } from '../../schemas/campaign-draft.ts';
import { type PromoterWrite } from '../../schemas/promoter.ts';
import { type Client } from './client.ts';

/** The dates of built campaigns, a day after the clock of tests begins. */
export const OPEN_DATE = '2026-03-02T12:00:00.000Z';
export const CLOSE_DATE = '2026-03-12T12:00:00.000Z';

/** Gives the body of a campaign that is complete: it can leave DRAFT. Names and domains differ each time. */
export function buildCampaign(overrides: Partial<CampaignWrite> = {}): CampaignWrite {
  const id = createId();
  return {
    type: 'registration',
    schema: { version: 2 },
    name: `Campaign ${id}`,
    artist: { id: `artist-${id}`, name: 'The Examples' },
    domain: { site: `site-${id}.example.com`, preview: `preview-${id}.example.com` },
    date: { open: OPEN_DATE, close: CLOSE_DATE },
    referenceTimezone: 'America/Toronto',
    locales: [
      { id: 'en', isDefault: true },
      { id: 'fr', isDefault: false },
    ],
    content: {
      en: { landing: { title: 'Register now', body: '<p>Come along.</p>' }, terms: '<p>Terms.</p>' },
      fr: { landing: { title: 'Inscrivez-vous' } },
    },
    ...overrides,
  };
}

/** Gives the body of a draft: all that it needs is a name. */
export function buildDraft(overrides: Partial<CampaignWrite> = {}): Partial<CampaignWrite> {
  return { name: `Draft ${createId()}`, ...overrides };
}

/** Gives the body of a market whose dates fit into any built campaign. */
export function buildMarket(overrides: Partial<MarketWrite> = {}): MarketWrite {
  const id = createId();
  return {
    name: `Market ${id}`,
    city: 'Toronto',
    country: 'Canada',
    timezone: 'America/Toronto',
    point: { type: 'Point', coordinates: [-79.38, 43.65] },
    event: { ids: [`event-${id}`], presaleDateTime: '2026-03-14T15:00:00.000Z' },
    ...overrides,
  };
}

/** Gives the body of a contact. */
export function buildContact(overrides: Partial<ContactWrite> = {}): ContactWrite {
  return { name: `Contact ${createId()}`, email: 'someone@example.com', phone: '+1 416 555 0100', ...overrides };
}

/** Gives the body of a promoter. */
export function buildPromoter(overrides: Partial<PromoterWrite> = {}): PromoterWrite {
  return { name: `Promoter ${createId()}`, privacyPolicyUrls: { en: 'https://example.com/privacy' }, ...overrides };
}

/** Makes a complete campaign, a DRAFT. */
export async function createCampaign(client: Client, overrides: Partial<CampaignWrite> = {}): Promise<Campaign> {
  return (await client.post<Campaign>('/campaigns', buildCampaign(overrides))).data;
}

/** Makes a complete campaign and opens it by hand. */
export async function createOpenCampaign(client: Client, overrides: Partial<CampaignWrite> = {}): Promise<Campaign> {
  const { _id } = await createCampaign(client, overrides);
  return (await client.patch<Campaign>(`/campaigns/${_id}`, { status: 'OPEN' })).data;
}

/** Adds a market to a campaign. */
export async function createMarket(
  client: Client,
  campaignId: string,
  overrides: Partial<MarketWrite> = {},
): Promise<Market> {
  return (await client.post<Market>(`/campaigns/${campaignId}/markets`, buildMarket(overrides))).data;
}
