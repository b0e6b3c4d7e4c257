import { selectDiscoveryId } from '../../app/demo/ids.ts';
import { type AnyRoute } from '../../app/router/route.ts';
import { type Client } from './client.ts';
import { buildCampaign, buildContact, buildMarket, buildPromoter, createCampaign, createMarket } from './factories.ts';

/** A show that the stand-in of the Discovery API knows: the first in Toronto. */
const SHOW_ID = selectDiscoveryId('G5v', 'event/paper-lanterns-canada/Toronto/0');

/** Documents for requests to name: their ids by the name of the path parameter. */
export interface SampleWorld {
  readonly params: Readonly<Record<string, string>>;
  readonly domain: string;
  /** Another campaign, with a market of its own. */
  readonly otherCampaignId: string;
}

/** A request that a route answers with its declared status. */
export interface SampleRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Makes the documents that sample requests name. */
export async function createSampleWorld(client: Client): Promise<SampleWorld> {
  const campaign = await createCampaign(client);
  const other = await createCampaign(client);
  const market = await createMarket(client, campaign._id);
  await createMarket(client, other._id);
  const contact = await client.post<{ _id: string }>('/contacts', buildContact());
  const promoter = await client.post<{ _id: string }>('/promoters', buildPromoter());
  await client.post(`/events/${SHOW_ID}`, { status: 'onsale' });
  return {
    params: {
      campaignId: campaign._id,
      marketId: market._id,
      contactId: contact.data._id,
      promoterId: promoter.data._id,
      eventId: SHOW_ID,
      artistId: selectDiscoveryId('K8v', 'artist/The Paper Lanterns'),
      venueId: selectDiscoveryId('KovZ', 'venue/Lakefront Hall'),
      userId: 'another-user',
      asset: 'swagger-ui.css',
    },
    domain: campaign.domain?.site ?? '',
    otherCampaignId: other._id,
  };
}

/** A good body for each schema that a route reads. */
const bodies: Readonly<Record<string, (world: SampleWorld) => unknown>> = {
  campaignCreate: () => buildCampaign(),
  campaignPatch: () => ({ tour: { name: 'A tour' } }),
  campaignFaqsPatch: () => ({ faqs: {} }),
  campaignTermsPatch: () => ({ terms: 'Terms.' }),
  contactWrite: () => buildContact(),
  contactPatch: () => ({ role: 'manager' }),
  promoterWrite: () => buildPromoter(),
  promoterPatch: () => ({ privacyPolicyUrls: { de: 'https://example.com/datenschutz' } }),
  eventPatch: () => ({ status: 'offsale' }),
  marketWrite: () => buildMarket(),
  marketPatch: () => ({ city: 'Ottawa' }),
  marketClones: ({ otherCampaignId }) => ({ fromCampaignId: otherCampaignId }),
  marketNotifyDate: ({ params }) => ({ marketIds: [params['marketId']], date: '2026-03-10T12:00:00.000Z' }),
  redriveWrite: () => ({ effect: 'fastlyPurge' }),
  stateRollbackWrite: () => ({ toVersion: 1 }),
  eventRequest: () => ({
    type: 'campaign:list:v1:requested',
    eventId: 'sample',
    payload: { limit: 10, offset: 0 },
  }),
  marketNotified: ({ params }) => ({ marketIds: [params['marketId']] }),
};

const queries: Readonly<Record<string, (world: SampleWorld) => string>> = {
  domain: ({ domain }) => domain,
  categoryIds: () => 'rock,pop',
  eventId: () => SHOW_ID,
  types: () => 'campaign:*',
};

/** Fills in the parameters of a path. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(params[name] ?? `no-${name}`));
}

/** Gives a request to a route; the path parameters may be others than those of the world. */
export function sampleRequest(
  { path, query, body }: AnyRoute,
  world: SampleWorld,
  params: Readonly<Record<string, string>> = {},
): SampleRequest {
  const { $id = '' } = (body ?? {}) as { $id?: string };
  return {
    path: fillPath(path, { ...world.params, ...params }),
    query: Object.fromEntries((query?.required ?? []).map(name => [name, queries[name]?.(world) ?? ''])),
    ...(body !== undefined && { body: bodies[$id]?.(world) }),
  };
}
