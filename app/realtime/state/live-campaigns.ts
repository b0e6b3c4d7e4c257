import { type LiveCampaign } from './live-campaign.ts';

/** How many campaigns stay in memory, and how long. */
export interface LiveCampaignLimits {
  readonly idleMs: number;
  readonly maxCampaigns: number;
  readonly maxBytes: number;
}

/** The campaigns that are in memory. */
export interface LiveCampaigns {
  /** Runs work with a campaign, which is loaded first when it is not in memory, once for all who ask, and stays meanwhile. */
  use<R>(campaignId: string, work: (live: LiveCampaign) => Promise<R>): Promise<R>;
  /** Gives a campaign that is in memory. */
  find(campaignId: string): LiveCampaign | undefined;
  /** Whether a campaign is in memory, or on its way. */
  has(campaignId: string): boolean;
  all(): Iterable<LiveCampaign>;
  /** Lets idle campaigns go: those that nobody used for long, and the longest unused of too many. */
  evict(): void;
  /** Resolves when nothing of any campaign is under way. */
  drain(): Promise<void>;
}

interface Entry {
  readonly loading: Promise<LiveCampaign>;
  live: LiveCampaign | undefined;
  /** How many work with it. */
  users: number;
  usedAtMs: number;
}

/** The order in which campaigns were used is kept to this: one that is in use all the time is not moved each time. */
const ORDER_MS = 1_000;

/** Keeps campaigns in memory, the longest unused first. */
export function createLiveCampaigns({
  load,
  now,
  limits,
}: {
  readonly load: (campaignId: string) => Promise<LiveCampaign>;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly limits: LiveCampaignLimits;
}): LiveCampaigns {
  const entries = new Map<string, Entry>();
  /** How much goes on with all of them, and who waits for nothing to. */
  let underWay = 0;
  const waiting: (() => void)[] = [];

  const select = (campaignId: string): Entry => {
    const known = entries.get(campaignId);
    if (known !== undefined) return known;
    if (entries.size >= limits.maxCampaigns) evict();
    const entry: Entry = { loading: load(campaignId), live: undefined, users: 0, usedAtMs: now() };
    entries.set(campaignId, entry);
    entry.loading.then(
      live => {
        entry.live = live;
      },
      () => {
        if (entries.get(campaignId) === entry) entries.delete(campaignId);
      },
    );
    return entry;
  };

  const use = async <R>(campaignId: string, work: (live: LiveCampaign) => Promise<R>): Promise<R> => {
    const entry = select(campaignId);
    entry.users += 1;
    underWay += 1;
    try {
      return await work(entry.live ?? (await entry.loading));
    } finally {
      entry.users -= 1;
      const endedAtMs = now();
      const isLate = endedAtMs - entry.usedAtMs >= ORDER_MS;
      // To the end of the order, but for one that could not be loaded.
      if (isLate && entries.get(campaignId) === entry && entries.delete(campaignId)) entries.set(campaignId, entry);
      if (isLate) entry.usedAtMs = endedAtMs;
      underWay -= 1;
      if (underWay === 0) for (const tell of waiting.splice(0)) tell();
    }
  };

  function evict(): void {
    const current = now();
    let bytes = 0;
    for (const { live } of entries.values()) bytes += live?.bytes ?? 0;
    for (const [campaignId, { live, users, usedAtMs }] of entries) {
      const isTooMuch = entries.size >= limits.maxCampaigns || bytes > limits.maxBytes;
      if (!isTooMuch && current - usedAtMs < limits.idleMs) break;
      if (live === undefined || users > 0 || !live.isIdle) continue;
      entries.delete(campaignId);
      bytes -= live.bytes;
    }
  }

  return {
    use,
    find: campaignId => entries.get(campaignId)?.live,
    has: campaignId => entries.has(campaignId),
    *all() {
      for (const { live } of entries.values()) if (live !== undefined) yield live;
    },
    evict,
    async drain() {
      while (underWay > 0) await new Promise<void>(resolve => waiting.push(resolve));
      for (const { live } of entries.values()) await live?.drain();
    },
  };
}
