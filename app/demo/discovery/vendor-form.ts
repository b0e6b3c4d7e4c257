import { type Catalog, type StandInArtist, type StandInEvent, type StandInVenue } from './catalog.ts';

/** Something as the Discovery API shows it, and the words by which it is found. */
export interface VendorItem {
  readonly id: string;
  readonly words: readonly string[];
  readonly shown: Readonly<Record<string, unknown>>;
}

/** The kinds of things, by their names in the paths of the Discovery API. */
export type VendorCatalog = Readonly<Record<'attractions' | 'venues' | 'events', readonly VendorItem[]>>;

const SITE = 'https://tickets.example';
const LOCALE = 'en-us';

/** Gives the words of a text, without accents and case. */
export function selectWords(text: string): string[] {
  const plain = text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter(word => word !== '');
}

const links = (kind: string, id: string) => ({ self: { href: `/discovery/v2/${kind}/${id}?locale=${LOCALE}` } });

const images = (id: string) => [
  {
    ratio: '16_9',
    url: `https://images.presale.example/${id}/1024x576.jpg`,
    width: 1024,
    height: 576,
    fallback: false,
  },
  { ratio: '3_2', url: `https://images.presale.example/${id}/305x203.jpg`, width: 305, height: 203, fallback: false },
];

const classifications = (genre: string) => [
  { primary: true, segment: { id: 'KZFzniwnSyZfZ7v7nJ', name: 'Music' }, genre: { name: genre }, family: false },
];

const head = (type: string, id: string, name: string) => ({
  name,
  type,
  id,
  test: false,
  url: `${SITE}/${type}/${id}`,
  locale: LOCALE,
});

const upcoming = (count: number) => ({ _total: count, ticketmaster: count, _filtered: 0 });

function showArtist({ id, name, genre }: StandInArtist, shows: number): VendorItem['shown'] {
  return {
    ...head('attraction', id, name),
    images: images(id),
    classifications: classifications(genre),
    upcomingEvents: upcoming(shows),
    _links: links('attractions', id),
  };
}

function showVenue({ id, name, city }: StandInVenue, shows: number): VendorItem['shown'] {
  const [longitude, latitude] = city.coordinates;
  return {
    ...head('venue', id, name),
    timezone: city.timezone,
    city: { name: city.name },
    state: { name: city.state, stateCode: city.state },
    country: { name: city.country, countryCode: city.country },
    location: { longitude: String(longitude), latitude: String(latitude) },
    upcomingEvents: upcoming(shows),
    _links: links('venues', id),
  };
}

function showEvent({ id, name, start, artist, venue }: StandInEvent): VendorItem['shown'] {
  const { timezone } = venue.city;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  const [localDate, localTime] = format.format(start).split(' ');
  return {
    ...head('event', id, name),
    images: images(artist.id),
    dates: {
      start: { localDate, localTime, dateTime: `${start.toISOString().slice(0, 19)}Z`, dateTBD: false, timeTBA: false },
      timezone,
      status: { code: 'onsale' },
      spanMultipleDays: false,
    },
    classifications: classifications(artist.genre),
    _links: links('events', id),
    _embedded: { venues: [showVenue(venue, 1)], attractions: [showArtist(artist, 1)] },
  };
}

/** Brings a catalog into the form of the Discovery API. */
export function formatCatalog({ artists, venues, events }: Catalog): VendorCatalog {
  const countBy = (select: (event: StandInEvent) => string): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const event of events) counts.set(select(event), (counts.get(select(event)) ?? 0) + 1);
    return counts;
  };
  const byArtist = countBy(({ artist }) => artist.id);
  const byVenue = countBy(({ venue }) => venue.id);
  return {
    attractions: artists.map(artist => ({
      id: artist.id,
      words: selectWords(artist.name),
      shown: showArtist(artist, byArtist.get(artist.id) ?? 0),
    })),
    venues: venues.map(venue => ({
      id: venue.id,
      words: selectWords(`${venue.name} ${venue.city.name}`),
      shown: showVenue(venue, byVenue.get(venue.id) ?? 0),
    })),
    events: events.map(event => ({
      id: event.id,
      words: selectWords(`${event.name} ${event.artist.name} ${event.venue.name} ${event.venue.city.name}`),
      shown: showEvent(event),
    })),
  };
}
