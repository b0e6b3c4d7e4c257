import { type CacheEntry, parseEntry } from './entry.ts';
import { type RedisConnection, type RedisRole } from '../redis/connection.ts';
import { type RedisServers } from '../redis/servers.ts';

/** Where an answer of the cache came from. */
export type CacheTier = 'local' | Exclude<RedisRole, 'subscriber'>;

export type TierOutcome = 'hit' | 'miss' | 'error';

export type CountRead = (tier: CacheTier, outcome: TierOutcome) => void;

/** The tier of the cache that instances share. Its failures are misses. */
export interface SharedTier {
  /**
   * Gives what lies there: from the replica, else from the primary, else null. Never throws.
   *
   * @param isGood says whether an entry may be shown; a replica that lags has others
   */
  get(key: string, isGood: (entry: CacheEntry) => boolean): Promise<CacheEntry | null>;
  /** Puts an entry, unless a newer version lies there. Never throws. */
  put(key: string, entry: CacheEntry): Promise<void>;
  /** The same for what was just written to the database: when Redis is away, it is put as soon as it answers again. */
  putForSure(key: string, entry: CacheEntry): void;
  /** Puts what could not be put. */
  catchUp(): void;
}

/** Nobody writes so much while Redis is away; if somebody does, entries end by their time. */
const MAX_PENDING = 1_000;

/** A newer version is never overwritten by an older one that was read before it and comes late. */
const PUT_UNLESS_NEWER = `
local held = redis.call('GET', KEYS[1])
if held then
  local ok, entry = pcall(cjson.decode, held)
  if ok and type(entry) == 'table' and (tonumber(entry.version) or 0) > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
`;

/** Makes the tier over the servers of an environment. */
export function createSharedTier(
  { primary, replica }: Pick<RedisServers, 'primary' | 'replica'>,
  { count, now = Date.now }: { readonly count: CountRead; readonly now?: () => number },
): SharedTier {
  const pending = new Map<string, CacheEntry>();

  /** Undefined when the server could not be asked, or gave what is no entry. */
  const getFrom = async (connection: RedisConnection, key: string): Promise<CacheEntry | null | undefined> => {
    const tier = connection.role as CacheTier;
    try {
      const text = await connection.run(client => client.get(key));
      const entry = text === null ? null : parseEntry(text);
      count(tier, text === null ? 'miss' : entry === null ? 'error' : 'hit');
      return entry ?? (text === null ? null : undefined);
    } catch {
      count(tier, 'error');
      return undefined;
    }
  };

  const tryPut = async (key: string, entry: CacheEntry): Promise<boolean> => {
    const ttlMs = Math.ceil(entry.staleUntil - now());
    if (ttlMs <= 0) return true;
    try {
      const text = JSON.stringify(entry);
      await primary.run(client => client.eval(PUT_UNLESS_NEWER, 1, key, text, String(entry.version), String(ttlMs)));
      return true;
    } catch {
      return false;
    }
  };

  const putForSure = (key: string, entry: CacheEntry): void => {
    void tryPut(key, entry).then(isPut => {
      const isNewest = (pending.get(key)?.version ?? 0) <= entry.version;
      if (!isNewest) return;
      if (isPut) pending.delete(key);
      else if (pending.size < MAX_PENDING) pending.set(key, entry);
    });
  };

  return {
    async get(key, isGood) {
      const fromReplica = replica === null ? undefined : await getFrom(replica, key);
      // A replica that has nothing may only be late, but what it lacks is looked for at its source anyway.
      if (fromReplica === null) return null;
      if (fromReplica !== undefined && isGood(fromReplica)) return fromReplica;
      const fromPrimary = await getFrom(primary, key);
      return fromPrimary && isGood(fromPrimary) ? fromPrimary : null;
    },
    put: async (key, entry) => void (await tryPut(key, entry)),
    putForSure,
    catchUp() {
      const missed = [...pending];
      pending.clear();
      for (const [key, entry] of missed) putForSure(key, entry);
    },
  };
}
