import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { selectDemoId, selectDiscoveryId } from '../ids.ts';
import { resolveMoment } from '../moments.ts';
import { selectFaqOrder, writeContent } from '../texts/content.ts';
import { type CampaignDefinition } from './definition.ts';

type Dates = NonNullable<CampaignWrite['date']>;

/** Resolves the dates of a campaign. */
export function selectDates(
  { schedule, referenceTimezone }: CampaignDefinition,
  now: Date,
): { [name in keyof Dates]?: Date } {
  return Object.fromEntries(
    Object.entries(schedule).map(([name, moment]) => [name, resolveMoment(moment, now, referenceTimezone)]),
  );
}

/** Makes the body that a client would send to make a campaign of the demo. */
export function createCampaignBody(definition: CampaignDefinition, now: Date): CampaignWrite {
  const { slug, type, artist, tour, locales, password, categoryId } = definition;
  const dates = Object.entries(selectDates(definition, now)).map(([name, date]) => [name, date.toISOString()] as const);
  return {
    type,
    schema: { version: definition.schemaVersion },
    name: definition.name,
    identifier: slug,
    artist: {
      id: selectDiscoveryId('K8v', `artist/${artist}`),
      name: artist,
      discoveryId: selectDiscoveryId('K8v', `artist/${artist}`),
    },
    ...(tour !== undefined && { tour: { name: tour } }),
    referenceTimezone: definition.referenceTimezone,
    date: Object.fromEntries(dates),
    ...(categoryId !== undefined && { categoryId }),
    ...(definition.contacts.length > 0 && { contacts: definition.contacts.map(key => selectDemoId('contact', key)) }),
    ...(definition.options && { options: definition.options }),
    ...(definition.style && { style: definition.style }),
    ...(definition.preferences && { preferences: definition.preferences }),
    ...(password !== undefined && { password }),
    // Without locales it is a draft that nobody has worked on yet.
    ...(locales.length > 0 && createPages(definition)),
  };
}

/** Makes what a campaign needs to be seen: where its pages are, what they show and what they say. */
function createPages(definition: CampaignDefinition): Partial<CampaignWrite> {
  const { slug, type, artist, tour = '', locales, cities, schemaVersion } = definition;
  const images = `https://images.presale.example/${slug}`;
  return {
    domain: { site: `${slug}.presale.example`, preview: `${slug}.preview.presale.example` },
    locales: locales.map((id, at) => ({ id, isDefault: at === 0 })),
    content: writeContent({ slug, type, locales, show: { artist, tour, cityCount: cities.length } }),
    image: { hero: `${images}/hero.jpg`, mobileHero: `${images}/hero-mobile.jpg`, logo: `${images}/logo.svg` },
    // The first schema has neither.
    ...(schemaVersion === 2 && {
      share: {
        title: definition.name,
        text: `Fans first: ${artist}.`,
        imageUrl: `${images}/share.jpg`,
        networks: ['x', 'facebook', 'whatsapp'],
      },
      ...(type === 'registration' && { faqs: selectFaqOrder(slug) }),
    }),
  };
}
