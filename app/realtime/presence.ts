import { type Subscriptions } from './subscriptions.ts';

/** Who is there, over all instances. */
export interface Presence {
  /** How many subscribers a campaign has. */
  countSubscribers(campaignId: string): number;
  /** Has a listener called each time that the subscribers of a campaign may be others. Gives what ends it. */
  watch(campaignId: string, listener: () => void): () => void;
}

export interface PresenceDependencies {
  readonly subscriptions: Pick<Subscriptions, 'count' | 'onCount'>;
}

/** Makes the presence of an instance. */
export function createPresence({ subscriptions }: PresenceDependencies): Presence {
  const watchers = new Map<string, Set<() => void>>();

  const tell = (campaignId: string): void => {
    for (const listener of [...(watchers.get(campaignId) ?? [])]) listener();
  };
  subscriptions.onCount(tell);

  return {
    countSubscribers: campaignId => subscriptions.count(campaignId),
    watch(campaignId, listener) {
      const those = watchers.get(campaignId) ?? new Set();
      // Each is one of its own, also of the same function.
      const own = (): void => listener();
      watchers.set(campaignId, those.add(own));
      return () => {
        those.delete(own);
        if (those.size === 0 && watchers.get(campaignId) === those) watchers.delete(campaignId);
      };
    },
  };
}
