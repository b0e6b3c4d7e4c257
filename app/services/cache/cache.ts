import { LRUCache } from 'lru-cache';
import { estimateBytes } from '../../../lib/estimate-bytes.ts';
import { type CacheEntry } from './entry.ts';
import { type CountRead, type SharedTier } from './shared-tier.ts';

/** Whether an answer was cached and fresh, had to be fetched, or is old and being fetched again. */
export type CacheOutcome = 'hit' | 'miss' | 'stale';

export interface CacheRead<T> {
  /** Null: there is none. */
  readonly value: T | null;
  readonly outcome: CacheOutcome;
}

/** How long answers are kept; each time is varied by a tenth, so that what was fetched together does not end together. */
export interface CachePolicy {
  readonly ttlMs: number;
  /** How long one is shown beyond that, while a newer one is fetched or cannot be had. */
  readonly staleMs: number;
  /** How long it is remembered that there is none. */
  readonly negativeTtlMs: number;
  /** After how long this instance looks at the shared tier again: what bounds a lost message. `ttlMs` when left out. */
  readonly localTtlMs?: number;
}

export interface CacheSource<T> {
  /** Fetches the answer; null when there is none. It serves all who wait, so it knows nothing of their deadlines. */
  readonly load: () => Promise<{ readonly value: T | null; readonly version?: number }>;
  /** Whether something from the shared tier is of this kind. */
  readonly isValid: (value: unknown) => boolean;
  /** Ends the waiting of this caller; the fetching goes on for others. */
  readonly signal?: AbortSignal;
}

/** A cache in two tiers: the memory of this process, bounded by bytes, and Redis when there is one. */
export interface Cache {
  /** Gives what is cached, or fetches it, once for all who ask at the same time. Throws what `load` throws, when nothing is cached. */
  read<T>(key: string, policy: CachePolicy, source: CacheSource<T>): Promise<CacheRead<T>>;
  /** Puts what was just written to the database (null: deleted): nothing older comes back, here or in the shared tier. */
  put(key: string, value: unknown, version: number, policy: CachePolicy): void;
  /** Forgets what is older than a version here, since another instance wrote that one. */
  invalidate(key: string, minVersion: number): void;
}

interface LocalEntry extends CacheEntry {
  readonly localUntil: number;
}

/** A look at the shared tier and a fetching, which serve all who ask meanwhile. */
interface Flight {
  readonly entry: LocalEntry;
  readonly isFetched: boolean;
}

/** How long a floor under the versions of a key is kept: longer than any read can be under way. */
const FLOOR_MS = 60_000;
const JITTER = 0.1;

/**
 * Makes a cache.
 *
 * @param shared null without Redis: each instance has a cache of its own
 * @param random gives 0 to 1
 */
export function createCache({
  maxBytes,
  shared,
  count,
  now = Date.now,
  random = Math.random,
}: {
  readonly maxBytes: number;
  readonly shared: SharedTier | null;
  readonly count: CountRead;
  readonly now?: () => number;
  readonly random?: () => number;
}): Cache {
  const entries = new LRUCache<string, LocalEntry>({
    maxSize: maxBytes,
    sizeCalculation: ({ value }, key) => estimateBytes(value) + key.length + 128,
  });
  const floors = new LRUCache<string, { readonly version: number; readonly until: number }>({ max: 10_000 });
  const flights = new Map<string, Promise<Flight>>();

  const isBelowFloor = (key: string, version: number): boolean => {
    const floor = floors.get(key);
    return floor !== undefined && floor.until > now() && version < floor.version;
  };

  const createEntry = (value: unknown, version: number, policy: CachePolicy): CacheEntry => {
    const factor = 1 - JITTER + 2 * JITTER * random();
    const freshUntil = now() + (value === null ? policy.negativeTtlMs : policy.ttlMs) * factor;
    return { value, version, freshUntil, staleUntil: freshUntil + (value === null ? 0 : policy.staleMs) };
  };

  /** Keeps an entry, unless a newer version is known. */
  const keep = (key: string, entry: CacheEntry, { localTtlMs }: CachePolicy): LocalEntry => {
    const localUntil = localTtlMs === undefined ? entry.freshUntil : Math.min(entry.freshUntil, now() + localTtlMs);
    const local: LocalEntry = { ...entry, localUntil };
    const known = entries.peek(key);
    if (!isBelowFloor(key, entry.version) && (known?.version ?? 0) <= entry.version) entries.set(key, local);
    return local;
  };

  const fetchEntry = async <T>(key: string, policy: CachePolicy, { load }: CacheSource<T>): Promise<Flight> => {
    const { value, version = 0 } = await load();
    const entry = createEntry(value, version, policy);
    void shared?.put(key, entry);
    return { entry: keep(key, entry, policy), isFetched: true };
  };

  /** Gives what the shared tier has, if it may be shown. */
  const selectShared = async <T>(
    key: string,
    policy: CachePolicy,
    { isValid }: CacheSource<T>,
  ): Promise<LocalEntry | null> => {
    const isGood = ({ value, version, staleUntil }: CacheEntry): boolean =>
      staleUntil > now() && !isBelowFloor(key, version) && (value === null || isValid(value));
    const entry = (await shared?.get(key, isGood)) ?? null;
    return entry && keep(key, entry, policy);
  };

  const startFlight = (key: string, work: () => Promise<Flight>): Promise<Flight> => {
    const underWay = flights.get(key);
    if (underWay !== undefined) return underWay;
    const begun = work().finally(() => {
      if (flights.get(key) === begun) flights.delete(key);
    });
    // Whoever waits is told; when nobody does, nobody minds.
    begun.catch(() => undefined);
    flights.set(key, begun);
    return begun;
  };

  const answer = <T>(key: string, entry: LocalEntry, policy: CachePolicy, source: CacheSource<T>): CacheRead<T> => {
    const value = entry.value as T | null;
    if (entry.freshUntil > now()) return { value, outcome: 'hit' };
    void startFlight(key, () => fetchEntry(key, policy, source));
    return { value, outcome: 'stale' };
  };

  const setFloor = (key: string, minVersion: number): void => {
    const known = floors.get(key);
    const version = known !== undefined && known.until > now() ? Math.max(known.version, minVersion) : minVersion;
    floors.set(key, { version, until: now() + FLOOR_MS });
    if ((entries.peek(key)?.version ?? minVersion) < minVersion) entries.delete(key);
    // A fetch that is under way may have read what was there before: who comes from now on waits for none of it.
    flights.delete(key);
  };

  return {
    async read<T>(key: string, policy: CachePolicy, source: CacheSource<T>): Promise<CacheRead<T>> {
      const local = entries.get(key);
      const isStale = local !== undefined && local.freshUntil <= now() && local.staleUntil > now();
      if (local !== undefined && (local.localUntil > now() || isStale)) {
        count('local', 'hit');
        return answer(key, local, policy, source);
      }
      count('local', 'miss');
      const flight = startFlight(key, async () => {
        const known = await selectShared(key, policy, source);
        return known === null ? fetchEntry(key, policy, source) : { entry: known, isFetched: false };
      });
      const { entry, isFetched } = await waitFor(flight, source.signal);
      if (isFetched) return { value: entry.value as T | null, outcome: 'miss' };
      return answer(key, entry, policy, source);
    },
    put(key, value, version, policy) {
      setFloor(key, version);
      const entry = createEntry(value, version, policy);
      keep(key, entry, policy);
      shared?.putForSure(key, entry);
    },
    invalidate: setFloor,
  };
}

/** Waits for what others wait for as well, until the caller's own signal says otherwise. */
async function waitFor<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  // A signal of one's own: many may wait under one that lives long, and each listener would stay with it.
  const own = AbortSignal.any([signal]);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    own.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    own.removeEventListener('abort', onAbort);
  }
}
