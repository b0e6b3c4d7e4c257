import { createHash } from 'node:crypto';
import { campaigns } from '../campaigns/campaigns.ts';
import { cities, type City } from '../cities.ts';
import { selectDiscoveryId } from '../ids.ts';
import { createMarkets } from '../markets.ts';
import { artistNames, genres, venueKinds } from './names.ts';

/** An artist of the stand-in. */
export interface StandInArtist {
  readonly id: string;
  readonly name: string;
  readonly genre: string;
}

/** A venue of the stand-in. */
export interface StandInVenue {
  readonly id: string;
  readonly name: string;
  readonly city: City;
}

/** A show of the stand-in. */
export interface StandInEvent {
  readonly id: string;
  readonly name: string;
  readonly start: Date;
  readonly artist: StandInArtist;
  readonly venue: StandInVenue;
}

/** All that the stand-in of the Discovery API knows. */
export interface Catalog {
  readonly artists: readonly StandInArtist[];
  readonly venues: readonly StandInVenue[];
  readonly events: readonly StandInEvent[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SHOWS_PER_ARTIST = 2;
/** Invented shows begin between the tenth and the two hundredth day from now. */
const FIRST_DAY = 10;
const DAYS = 190;
const SHOW_HOUR_MS = 20 * 60 * 60 * 1000;

/** A number that belongs to a text, always the same. */
function selectNumber(text: string, below: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % below;
}

function pick<T>(items: readonly T[], text: string): T {
  const item = items[selectNumber(text, items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}

/**
 * Makes the catalog: the artists, venues and shows of the demo's campaigns, and a few hundred more. Names and ids are
 * always the same; dates lie around the given day.
 */
export function createCatalog(now: Date): Catalog {
  const artists = [...new Set([...campaigns.map(({ artist }) => artist), ...artistNames])].map(name => ({
    id: selectDiscoveryId('K8v', `artist/${name}`),
    name,
    genre: pick(genres, name),
  }));
  const venues = cities.flatMap(city =>
    [city.venue, ...venueKinds.map(kind => `${city.name} ${kind}`)].map(name => ({
      id: selectDiscoveryId('KovZ', `venue/${name}`),
      name,
      city,
    })),
  );
  const byName = new Map(artists.map(artist => [artist.name, artist]));
  const byId = new Map(venues.map(venue => [venue.id, venue]));
  const ofCampaigns = campaigns.flatMap(definition =>
    createMarkets(definition, now).flatMap(({ body: { event = {} } }) => {
      const artist = byName.get(definition.artist);
      const venue = byId.get(event.venue?.id ?? '');
      if (artist === undefined || venue === undefined) return [];
      return (event.ids ?? []).map((id, night) => ({
        id,
        name: event.name ?? artist.name,
        start: new Date(Date.parse(event.date ?? '') + night * DAY_MS),
        artist,
        venue,
      }));
    }),
  );
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const invented = artists.flatMap(artist =>
    Array.from({ length: SHOWS_PER_ARTIST }, (_, at) => {
      const key = `show/${artist.name}/${at}`;
      const day = FIRST_DAY + selectNumber(`day of ${key}`, DAYS);
      return {
        id: selectDiscoveryId('G5v', key),
        name: artist.name,
        start: new Date(today + day * DAY_MS + SHOW_HOUR_MS),
        artist,
        venue: pick(venues, key),
      };
    }),
  );
  return { artists, venues, events: [...ofCampaigns, ...invented] };
}
