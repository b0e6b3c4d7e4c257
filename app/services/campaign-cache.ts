import { LRUCache } from 'lru-cache';
import { estimateBytes } from '../../lib/estimate-bytes.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type Representation } from '../../lib/representation.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';

/** How many views of one campaign (audience × locale) are kept encoded. */
const VIEWS_PER_CAMPAIGN = 8;
/** How long a floor under the versions of an invalidated campaign is kept: longer than any read can be under way. */
const FLOOR_MS = 60_000;

/** A campaign in memory, with its encoded views. */
export interface CachedCampaign {
  readonly document: CampaignDocument;
  /** Whether the database was away when this was to be read again. */
  readonly stale: boolean;
  /** Gives the encoded view of the key, made once for each version. */
  view(key: string, make: () => Representation): Representation;
}

/** How often reads were served from memory, from the database, or from memory because the database was away. */
export type CacheOutcomes = Readonly<Record<'hit' | 'miss' | 'stale', number>>;

export interface CampaignCache {
  readonly outcomes: CacheOutcomes;
  /** Gives a campaign that is in memory and fresh, else undefined; never waits. */
  peek(campaignId: string): CachedCampaign | undefined;
  /** Reads a campaign through the cache: one load at a time for each id; a stale one when the database is away. */
  read(campaignId: string, load: () => Promise<CampaignDocument | null>): Promise<CachedCampaign | null>;
  /** Puts what was just written, unless the cache knows a newer version. */
  put(document: CampaignDocument): CachedCampaign;
  /** Forgets a campaign; what is older than `minVersion` is refused for a minute, so that a slow read brings nothing old back. */
  invalidate(campaignId: string, minVersion: number): void;
  /** The campaign that a domain led to last: a hint, which the campaign itself must confirm. */
  peekDomain(domain: string): string | undefined;
  putDomain(domain: string, campaignId: string): void;
}

class Entry implements CachedCampaign {
  readonly document: CampaignDocument;
  readonly freshUntil: number;
  readonly stale: boolean;
  readonly #views: Map<string, Representation>;

  /** @param like an entry of the same version, whose encoded views are taken over */
  constructor(document: CampaignDocument, freshUntil: number, stale: boolean, like?: Entry) {
    this.document = document;
    this.freshUntil = freshUntil;
    this.stale = stale;
    this.#views = like?.document.version === document.version ? like.#views : new Map<string, Representation>();
  }

  view(key: string, make: () => Representation): Representation {
    let view = this.#views.get(key);
    if (view === undefined) {
      view = make();
      if (this.#views.size >= VIEWS_PER_CAMPAIGN) this.#views.clear();
      this.#views.set(key, view);
    }
    return view;
  }
}

/**
 * Makes the in-process cache of campaigns: by id, by version, bounded by bytes. An entry is fresh for `ttlMs`, which
 * bounds how long a change made by another instance can be missed.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createCampaignCache(options: { maxBytes: number; ttlMs: number; now?: () => number }): CampaignCache {
  const { maxBytes, ttlMs, now = () => performance.now() } = options;
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    // The document and, on average, two of its encoded views.
    sizeCalculation: entry => 3 * estimateBytes(entry.document) + 512,
  });
  const floors = new LRUCache<string, number>({ max: 10_000, ttl: FLOOR_MS, ttlResolution: 0, perf: { now } });
  const domains = new LRUCache<string, string>({ max: 10_000 });
  const loads = new Map<string, Promise<CachedCampaign | null>>();
  const database = { isAway: false };
  const outcomes = { hit: 0, miss: 0, stale: 0 };
  const staleOf = (known: Entry): Entry => {
    outcomes.stale += 1;
    return new Entry(known.document, 0, true, known);
  };

  const put = (document: CampaignDocument): Entry => {
    const known = entries.peek(document._id);
    if (known && known.document.version > document.version) return known;
    const entry = new Entry(document, now() + ttlMs, false, known);
    if (document.version >= (floors.get(document._id) ?? 0)) entries.set(document._id, entry);
    return entry;
  };

  const peek = (campaignId: string): Entry | undefined => {
    const entry = entries.get(campaignId);
    if (entry === undefined || entry.freshUntil <= now()) return undefined;
    outcomes.hit += 1;
    return entry;
  };

  const load = async (
    campaignId: string,
    read: () => Promise<CampaignDocument | null>,
  ): Promise<CachedCampaign | null> => {
    outcomes.miss += 1;
    try {
      const document = await read();
      database.isAway = false;
      if (document !== null) return put(document);
      entries.delete(campaignId);
      return null;
    } catch (error) {
      const known = entries.peek(campaignId);
      if (!(error instanceof ServiceUnavailableError)) throw error;
      database.isAway = true;
      if (known === undefined) throw error;
      return staleOf(known);
    }
  };

  const loadOnce = (
    campaignId: string,
    read: () => Promise<CampaignDocument | null>,
  ): Promise<CachedCampaign | null> => {
    const underWay = loads.get(campaignId);
    if (underWay !== undefined) return underWay;
    const begun = load(campaignId, read).finally(() => {
      if (loads.get(campaignId) === begun) loads.delete(campaignId);
    });
    loads.set(campaignId, begun);
    return begun;
  };

  return {
    outcomes,
    peek,
    put,
    read: (campaignId, read) => {
      const entry = peek(campaignId);
      if (entry) return Promise.resolve(entry);
      const underWay = loadOnce(campaignId, read);
      const known = entries.peek(campaignId);
      if (!database.isAway || known === undefined) return underWay;
      // The last attempt found no database: nobody waits for this one to find out whether it is back.
      underWay.catch(() => undefined);
      return Promise.resolve(staleOf(known));
    },
    invalidate: (campaignId, minVersion) => {
      entries.delete(campaignId);
      // A load that is under way may have read what was there before: who comes from now on waits for none of it.
      loads.delete(campaignId);
      floors.set(campaignId, Math.max(minVersion, floors.get(campaignId) ?? 0));
    },
    peekDomain: domain => domains.get(domain),
    putDomain: (domain, campaignId) => void domains.set(domain, campaignId),
  };
}
