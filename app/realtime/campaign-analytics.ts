import { type Clock } from '../context.ts';
import { type EventPayload } from './envelope.ts';
import { type Presence } from './presence.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';
import { type StateEvent } from './state/events.ts';
import { createUpdateRate } from './update-rate.ts';

/** What is going on with campaigns, for those who watch. */
export interface CampaignAnalytics {
  /**
   * Calls back with what there is to say of a campaign: now, and when it is something else, at most once in an interval.
   * Gives what ends it. Throws what `CampaignStateManager.subscribe` throws.
   */
  follow(campaignId: string, listener: (item: EventPayload) => void): Promise<() => void>;
}

export interface CampaignAnalyticsDependencies {
  readonly states: Pick<CampaignStateManager, 'subscribe'>;
  readonly presence: Pick<Presence, 'countSubscribers' | 'watch'>;
  readonly clock: Clock;
  readonly intervalMs?: number;
}

type Listener = (item: EventPayload) => void;

/** A campaign that is watched, once for all who follow it. */
interface Watch {
  add(listener: Listener): void;
  remove(listener: Listener): void;
  close(): void;
}

interface UsedWatch {
  readonly opening: Promise<Watch>;
  /** Those who follow, and those who are about to. */
  users: number;
}

const INTERVAL_MS = 1_000;

/** Makes the analytics of a process. A campaign that nobody follows costs nothing, and a quiet one no timer. */
export function createCampaignAnalytics({
  states,
  presence,
  clock,
  intervalMs = INTERVAL_MS,
}: CampaignAnalyticsDependencies): CampaignAnalytics {
  const watches = new Map<string, UsedWatch>();

  const open = async (campaignId: string): Promise<Watch> => {
    /** Those who follow, with what each was told last. */
    const listeners = new Map<Listener, string>();
    const rate = createUpdateRate();
    let timer: NodeJS.Timeout | undefined;
    let toldAtMs = -Infinity;

    const onEvent = (event: StateEvent): void => {
      if (event.kind === 'batch') {
        const madeAt = event.changes[0]?.at.getTime() ?? 0;
        rate.add(event.changes.length, Math.max(0, clock().getTime() - madeAt));
      }
      touch();
    };
    const subscription = await states.subscribe(campaignId, onEvent);
    const endWatch = presence.watch(campaignId, touch);

    const select = (): EventPayload => {
      const { version, at, state } = subscription.snapshot();
      const { features } = state;
      return {
        campaignId,
        subscriberCount: presence.countSubscribers(campaignId),
        version,
        lastUpdated: at,
        stateKeys: Object.keys(state).length,
        activeFeatures: Array.isArray(features) ? features.length : 0,
        ...rate.read(),
      };
    };

    const tell = (those: Iterable<Listener>): void => {
      const item = select();
      const text = JSON.stringify(item);
      toldAtMs = performance.now();
      for (const listener of those) {
        if (listeners.get(listener) === text) continue;
        listeners.set(listener, text);
        listener({ ...item, timestamp: clock() });
      }
    };

    /** Something may be another now: it is told at once, or when the interval is over. */
    function touch(): void {
      if (timer !== undefined || listeners.size === 0) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          tell([...listeners.keys()]);
          // The rate goes down by itself when no more updates come.
          if (!rate.isQuiet) touch();
        },
        Math.max(0, toldAtMs + intervalMs - performance.now()),
      ).unref();
    }

    return {
      add(listener) {
        listeners.set(listener, '');
        tell([listener]);
        if (!rate.isQuiet) touch();
      },
      remove: listener => void listeners.delete(listener),
      close() {
        clearTimeout(timer);
        endWatch();
        subscription.unsubscribe();
      },
    };
  };

  const use = (campaignId: string): UsedWatch => {
    const known = watches.get(campaignId);
    if (known !== undefined) {
      known.users += 1;
      return known;
    }
    const used = { opening: open(campaignId), users: 1 };
    watches.set(campaignId, used);
    return used;
  };

  const release = (campaignId: string, used: UsedWatch): void => {
    used.users -= 1;
    if (used.users > 0) return;
    watches.delete(campaignId);
    used.opening.then(
      watch => watch.close(),
      () => undefined,
    );
  };

  return {
    async follow(campaignId, listener) {
      const used = use(campaignId);
      try {
        const watch = await used.opening;
        const own: Listener = item => listener(item);
        watch.add(own);
        return () => {
          watch.remove(own);
          release(campaignId, used);
        };
      } catch (error) {
        release(campaignId, used);
        throw error;
      }
    },
  };
}
