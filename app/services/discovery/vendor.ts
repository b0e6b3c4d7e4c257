import { type AnySchemaObject } from 'ajv/dist/2020.js';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import {
  artist,
  type Artist,
  discoveryEvent,
  type DiscoveryEvent,
  discoveryId,
  venue,
  type Venue,
} from '../../../schemas/discovery.ts';

/** A kind of thing in the Discovery API: what it is called there, and how it becomes ours. */
export interface DiscoveryKind<T> {
  /** As the keys of the cache have it: `discovery:artists:<query>`, `discovery:artist:<id>`. */
  readonly plural: 'artists' | 'venues' | 'events';
  readonly singular: 'artist' | 'venue' | 'event';
  /** As the paths of the Discovery API have it. */
  readonly resource: 'attractions' | 'venues' | 'events';
  /** Gives our form of what the vendor sent; null when it lacks an id or a name. */
  readonly select: (sent: unknown) => T | null;
  /** Whether a value is of our form. */
  readonly isValid: (value: unknown) => boolean;
}

type Loose = { readonly [name: string]: Loose | undefined };

/** Looks into what may be anything. */
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? (part as Loose)[String(key)] : undefined),
    value,
  );

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Gives the largest of the pictures that are twice as wide as high, or near that; else the largest. */
function selectImageUrl(images: unknown): unknown {
  const size = (image: unknown): number => Number(at(image, 'width') ?? 0);
  const largest = (candidates: readonly unknown[]): unknown =>
    candidates.reduce<unknown>((best, one) => (best === undefined || size(one) > size(best) ? one : best), undefined);
  const wide = list(images).filter(image => at(image, 'ratio') === '16_9');
  return at(largest(wide.length > 0 ? wide : list(images)), 'url');
}

function selectPoint(location: unknown): unknown {
  const coordinates = [at(location, 'longitude'), at(location, 'latitude')].map(Number);
  const isPlace = coordinates.every(Number.isFinite) && at(location, 'longitude') !== undefined;
  return isPlace ? { type: 'Point', coordinates } : undefined;
}

const selectNamed = (sent: unknown): unknown => {
  const id = at(sent, 'id');
  return id === undefined ? undefined : { id, ...(at(sent, 'name') !== undefined && { name: at(sent, 'name') }) };
};

const selectUtc = (dateTime: unknown): unknown => {
  const ms = typeof dateTime === 'string' ? Date.parse(dateTime) : NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
};

/** Makes the reader of a kind: a field that is not what our schema wants is left out, and without id and name there is nothing. */
function createReader<T>(
  schema: AnySchemaObject & { readonly properties: Readonly<Record<string, AnySchemaObject>> },
  map: (sent: unknown) => Readonly<Record<string, unknown>>,
): Pick<DiscoveryKind<T>, 'select' | 'isValid'> {
  const whole: Validator<unknown> = createValidator(schema);
  const fields = new Map(Object.entries(schema.properties).map(([name, field]) => [name, createValidator(field)]));
  const isValid = (value: unknown): boolean => whole.selectFaults(value).length === 0;
  return {
    isValid,
    select(sent) {
      const mapped = Object.entries(map(sent)).filter(
        ([name, value]) => value !== undefined && fields.get(name)?.selectFaults(value).length === 0,
      );
      const selected: unknown = Object.fromEntries(mapped);
      return isValid(selected) ? (selected as T) : null;
    },
  };
}

export const artistKind: DiscoveryKind<Artist> = {
  plural: 'artists',
  singular: 'artist',
  resource: 'attractions',
  ...createReader<Artist>(artist, sent => ({
    id: at(sent, 'id'),
    name: at(sent, 'name'),
    url: at(sent, 'url'),
    imageUrl: selectImageUrl(at(sent, 'images')),
    genre: at(sent, 'classifications', 0, 'genre', 'name'),
    upcomingEvents: at(sent, 'upcomingEvents', '_total'),
  })),
};

export const venueKind: DiscoveryKind<Venue> = {
  plural: 'venues',
  singular: 'venue',
  resource: 'venues',
  ...createReader<Venue>(venue, sent => ({
    id: at(sent, 'id'),
    name: at(sent, 'name'),
    url: at(sent, 'url'),
    address: at(sent, 'address', 'line1'),
    postalCode: at(sent, 'postalCode'),
    city: at(sent, 'city', 'name'),
    state: at(sent, 'state', 'stateCode'),
    country: at(sent, 'country', 'countryCode'),
    timezone: at(sent, 'timezone'),
    point: selectPoint(at(sent, 'location')),
  })),
};

export const eventKind: DiscoveryKind<DiscoveryEvent> = {
  plural: 'events',
  singular: 'event',
  resource: 'events',
  ...createReader<DiscoveryEvent>(discoveryEvent, sent => ({
    id: at(sent, 'id'),
    name: at(sent, 'name'),
    url: at(sent, 'url'),
    status: at(sent, 'dates', 'status', 'code'),
    date: selectUtc(at(sent, 'dates', 'start', 'dateTime')),
    localDate: at(sent, 'dates', 'start', 'localDate'),
    timezone: at(sent, 'dates', 'timezone'),
    venue: selectNamed(at(sent, '_embedded', 'venues', 0)),
    artists: list(at(sent, '_embedded', 'attractions')).flatMap(one => selectNamed(one) ?? []),
  })),
};

const idValidator: Validator<string> = createValidator(discoveryId);

/** Says whether a text can be an id of the Discovery API. */
export const isDiscoveryId = (id: string): boolean => idValidator.selectFaults(id).length === 0;

/** A page of a search as the vendor sends it. */
export interface VendorPage {
  readonly _embedded?: Readonly<Record<string, unknown>>;
  readonly page: { readonly size: number; readonly totalElements: number; readonly number: number };
}

const count = { type: 'integer', minimum: 0 } as const;

/** What must hold of a page; what its items must be, their readers say. */
export const vendorPage: Validator<VendorPage> = createValidator({
  type: 'object',
  required: ['page'],
  properties: {
    _embedded: { type: 'object', additionalProperties: { type: 'array' } },
    page: {
      type: 'object',
      required: ['size', 'totalElements', 'number'],
      properties: { size: count, totalElements: count, number: count },
    },
  },
});
