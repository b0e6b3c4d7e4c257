import { HttpCallError, type HttpClient } from '../../../lib/http-client.ts';
import { type Logger } from '../../../lib/log.ts';
import { type Artist, type DiscoveryEvent, type Venue } from '../../../schemas/discovery.ts';
import { type Page } from '../../../schemas/paging.ts';
import { type Cache, type CachePolicy, type CacheRead } from '../cache/cache.ts';
import { toUnavailable } from '../unavailable.ts';
import { artistKind, type DiscoveryKind, eventKind, vendorPage, venueKind } from './vendor.ts';

export interface DiscoveryQuery {
  /** The words; left out, everything is found. */
  readonly q?: string | undefined;
  readonly page: number;
  readonly pageSize: number;
}

interface CallOptions {
  /** Ends the waiting of the caller. */
  readonly signal?: AbortSignal;
}

type Found<T> = CacheRead<Pick<Page<T>, 'rows' | 'total'>>;

/**
 * The Discovery API, through the cache. Each answer says whether it was cached, and whether it is stale. Throws
 * `ServiceUnavailableError` when the API fails and nothing is cached, and what the signal was aborted with.
 */
export interface Discovery {
  searchArtists(query: DiscoveryQuery, options?: CallOptions): Promise<Found<Artist>>;
  searchVenues(query: DiscoveryQuery, options?: CallOptions): Promise<Found<Venue>>;
  searchEvents(query: DiscoveryQuery, options?: CallOptions): Promise<Found<DiscoveryEvent>>;
  /** Gives null as the value when there is none of this id. */
  findArtist(id: string, options?: CallOptions): Promise<CacheRead<Artist>>;
  findVenue(id: string, options?: CallOptions): Promise<CacheRead<Venue>>;
  findEvent(id: string, options?: CallOptions): Promise<CacheRead<DiscoveryEvent>>;
}

/** How deep into its results the Discovery API lets anybody look. */
export const DEEPEST_RESULT = 1_000;
const DEFAULT_PAGE_SIZE = 10;
/** How long it is remembered that an id leads nowhere: it may have been announced since. */
const NEGATIVE_TTL_MS = 60_000;

export interface DiscoveryOptions {
  readonly http: HttpClient;
  readonly cache: Cache;
  readonly log: Pick<Logger, 'warn'>;
  readonly searchTtlSeconds: number;
  readonly idTtlSeconds: number;
  readonly staleSeconds: number;
}

/** Makes the client of the Discovery API. */
export function createDiscovery({ http, cache, log, ...times }: DiscoveryOptions): Discovery {
  const createPolicy = (ttlSeconds: number): CachePolicy => ({
    ttlMs: ttlSeconds * 1000,
    staleMs: times.staleSeconds * 1000,
    negativeTtlMs: Math.min(NEGATIVE_TTL_MS, ttlSeconds * 1000),
  });
  const searchPolicy = createPolicy(times.searchTtlSeconds);
  const idPolicy = createPolicy(times.idTtlSeconds);

  const search =
    <T>(kind: DiscoveryKind<T>) =>
    async (query: DiscoveryQuery, { signal }: CallOptions = {}): Promise<Found<T>> => {
      const words = (query.q ?? '').trim().replaceAll(/\s+/g, ' ');
      const load = async () => ({ value: await fetchPage(kind, { ...query, q: words }) });
      const source = { load, isValid: createPageCheck(kind), ...(signal && { signal }) };
      return cache.read(selectSearchKey(kind, words, query), searchPolicy, source).catch(rethrow);
    };

  const fetchPage = async <T>(
    kind: DiscoveryKind<T>,
    { q, page, pageSize }: DiscoveryQuery,
  ): Promise<Pick<Page<T>, 'rows' | 'total'>> => {
    const { body } = await http.request({
      path: `/${kind.resource}.json`,
      query: { keyword: q === '' ? undefined : q, page, size: pageSize, locale: '*' },
    });
    if (vendorPage.selectFaults(body).length > 0) throw createBodyError();
    vendorPage.throwIfInvalid(body);
    const sent = (body._embedded?.[kind.resource] ?? []) as readonly unknown[];
    const rows = sent.flatMap(one => kind.select(one) ?? []);
    if (rows.length < sent.length)
      log.warn('discovery.unreadable', { kind: kind.plural, count: sent.length - rows.length });
    return { rows, total: body.page.totalElements };
  };

  const find =
    <T>(kind: DiscoveryKind<T>) =>
    async (id: string, { signal }: CallOptions = {}): Promise<CacheRead<T>> => {
      const load = async () => ({ value: await fetchOne(kind, id) });
      const source = { load, isValid: kind.isValid, ...(signal && { signal }) };
      return cache.read(`discovery:${kind.singular}:${id}`, idPolicy, source).catch(rethrow);
    };

  const fetchOne = async <T>(kind: DiscoveryKind<T>, id: string): Promise<T | null> => {
    try {
      const path = `/${kind.resource}/${encodeURIComponent(id)}.json`;
      const one = kind.select((await http.request({ path, query: { locale: '*' } })).body);
      if (one === null) throw createBodyError();
      return one;
    } catch (error) {
      if (error instanceof HttpCallError && error.status === 404) return null;
      throw error;
    }
  };

  return {
    searchArtists: search(artistKind),
    searchVenues: search(venueKind),
    searchEvents: search(eventKind),
    findArtist: find(artistKind),
    findVenue: find(venueKind),
    findEvent: find(eventKind),
  };
}

/** The words stand as they are; a page other than the first follows them after a mark that words do not have. */
function selectSearchKey(kind: DiscoveryKind<unknown>, words: string, { page, pageSize }: DiscoveryQuery): string {
  const escaped = words.replaceAll(/[%?]/g, mark => (mark === '%' ? '%25' : '%3F'));
  const isPlain = page === 0 && pageSize === DEFAULT_PAGE_SIZE;
  return `discovery:${kind.plural}:${escaped}${isPlain ? '' : `?page=${page}&pageSize=${pageSize}`}`;
}

function createPageCheck(kind: DiscoveryKind<unknown>): (value: unknown) => boolean {
  return value => {
    const { rows, total } = (value ?? {}) as { readonly rows?: unknown; readonly total?: unknown };
    return Array.isArray(rows) && Number.isInteger(total) && rows.every(kind.isValid);
  };
}

function createBodyError(): HttpCallError {
  return new HttpCallError({
    target: 'discovery',
    reason: 'body',
    message: 'its answer is not of the form that it documents',
  });
}

function rethrow(error: unknown): never {
  throw toUnavailable(error);
}
