import { ValidationError } from '../../lib/errors.ts';
import { type Artist, type DiscoveryEvent, type Venue } from '../../schemas/discovery.ts';
import { type Page } from '../../schemas/paging.ts';
import { type ManagerContext } from '../context.ts';
import { ArtistNotFoundError, EventNotFoundError, VenueNotFoundError } from '../errors.ts';
import { type CacheOutcome, type CacheRead } from '../services/cache/cache.ts';
import { DEEPEST_RESULT, type Discovery, type DiscoveryQuery } from '../services/discovery/discovery.ts';
import { isDiscoveryId } from '../services/discovery/vendor.ts';
import { createNotConfigured } from '../services/unavailable.ts';

type Context = ManagerContext<never>;

/** An answer of the Discovery API, and whether the cache had it. */
export interface Discovered<T> {
  readonly value: T;
  readonly cache: CacheOutcome;
}

/** Gives the Discovery API. Throws `ServiceUnavailableError` where there is none. */
function selectDiscovery(ctx: Context): Discovery {
  const { discovery } = ctx.service;
  if (discovery === null)
    throw createNotConfigured('discovery', { name: 'The Discovery API', missing: ['DISCOVERY_API_KEY'] });
  return discovery;
}

type Find<T> = (discovery: Discovery, id: string, options: { signal: AbortSignal }) => Promise<CacheRead<T>>;

function createFind<T>(find: Find<T>, notFound: () => Error) {
  return async (ctx: Context, id: string): Promise<Discovered<T>> => {
    if (!isDiscoveryId(id)) throw notFound();
    const { value, outcome } = await find(selectDiscovery(ctx), id, { signal: ctx.signal });
    if (value === null) throw notFound();
    return { value, cache: outcome };
  };
}

type Search<T> = (
  discovery: Discovery,
  query: DiscoveryQuery,
  options: { signal: AbortSignal },
) => Promise<CacheRead<Pick<Page<T>, 'rows' | 'total'>>>;

function createSearch<T>(search: Search<T>) {
  return async (ctx: Context, query: DiscoveryQuery): Promise<Discovered<Page<T>>> => {
    const { page, pageSize } = query;
    if ((page + 1) * pageSize > DEEPEST_RESULT) {
      throw new ValidationError([
        {
          path: 'page',
          message: `leads beyond the first ${DEEPEST_RESULT} results, which is all that there are to see`,
        },
      ]);
    }
    const { value, outcome } = await search(selectDiscovery(ctx), query, { signal: ctx.signal });
    return { value: { page, pageSize, rows: value?.rows ?? [], total: value?.total ?? 0 }, cache: outcome };
  };
}

/**
 * What can be looked up in the Discovery API. All throw `ServiceUnavailableError`: not configured, or away with nothing
 * cached; what has an id throws its not-found error; searches throw `ValidationError` for pages that nobody may see.
 */
export const discoveryManager = {
  searchArtists: createSearch<Artist>((discovery, ...rest) => discovery.searchArtists(...rest)),
  searchVenues: createSearch<Venue>((discovery, ...rest) => discovery.searchVenues(...rest)),
  searchEvents: createSearch<DiscoveryEvent>((discovery, ...rest) => discovery.searchEvents(...rest)),
  findArtist: createFind<Artist>(
    (discovery, ...rest) => discovery.findArtist(...rest),
    () => new ArtistNotFoundError(),
  ),
  findVenue: createFind<Venue>(
    (discovery, ...rest) => discovery.findVenue(...rest),
    () => new VenueNotFoundError(),
  ),
  findEvent: createFind<DiscoveryEvent>(
    (discovery, ...rest) => discovery.findEvent(...rest),
    () => new EventNotFoundError(),
  ),
} as const;
