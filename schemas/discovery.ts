import { httpUrl, instant, text, type Wire } from './common.ts';
import { point } from './geojson.ts';

/** An id of the Discovery API. */
export const discoveryId = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'An id of the Discovery API.',
} as const;

const name = text(500, 'The name.');
const url = { ...httpUrl, description: 'The page of the ticket seller.' } as const;
const imageUrl = { ...httpUrl, description: 'The largest wide picture.' } as const;

const named = (description: string) =>
  ({
    type: 'object',
    additionalProperties: false,
    required: ['id'],
    description,
    properties: { id: discoveryId, name },
  }) as const;

/** An artist of the Discovery API, which calls it an attraction. */
export const artist = {
  $id: 'artist',
  type: 'object',
  additionalProperties: false,
  description: 'An artist of the Discovery API.',
  required: ['id', 'name'],
  properties: {
    id: discoveryId,
    name,
    url,
    imageUrl,
    genre: text(200, 'The genre.'),
    upcomingEvents: { type: 'integer', minimum: 0, description: 'How many shows are coming.' },
  },
} as const;

export type Artist = Wire<typeof artist>;

/** A venue of the Discovery API. */
export const venue = {
  $id: 'venue',
  type: 'object',
  additionalProperties: false,
  description: 'A venue of the Discovery API.',
  required: ['id', 'name'],
  properties: {
    id: discoveryId,
    name,
    url,
    address: text(500, 'Street and number.'),
    postalCode: text(50, 'The postal code.'),
    city: text(200, 'The city.'),
    state: text(50, 'The code of the state or province.'),
    country: text(50, 'The code of the country.'),
    timezone: text(100, 'The time zone.'),
    point,
  },
} as const;

export type Venue = Wire<typeof venue>;

/** A show of the Discovery API. */
export const discoveryEvent = {
  $id: 'discoveryEvent',
  type: 'object',
  additionalProperties: false,
  description: 'A show of the Discovery API.',
  required: ['id', 'name', 'artists'],
  properties: {
    id: discoveryId,
    name,
    url,
    status: text(50, 'How its sale stands, as the Discovery API says: onsale, offsale, cancelled and others.'),
    date: { ...instant, description: 'When it begins, when that is known to the hour.' },
    localDate: text(50, 'The day, on the calendar of the venue.'),
    timezone: text(100, 'The time zone of the venue.'),
    venue: named('Where it is.'),
    artists: { type: 'array', items: named('An artist.'), description: 'Who plays.' },
  },
} as const;

export type DiscoveryEvent = Wire<typeof discoveryEvent>;
