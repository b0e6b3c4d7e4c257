import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { type Subscriptions } from './subscriptions.ts';

/** The channel on which instances tell each other who is there. */
export const PRESENCE_CHANNEL = 'campaign-service:presence';

/** Who is there, over all instances. */
export interface Presence {
  /** How many other instances were heard of lately. */
  readonly otherInstances: number;
  /** How many subscribers a campaign has. Without Redis: at this instance. */
  countSubscribers(campaignId: string): number;
  /** Has a listener called each time that the subscribers of a campaign may be others. Gives what ends it. */
  watch(campaignId: string, listener: () => void): () => void;
  /** Begins to tell the others of this instance. */
  start(): void;
  /** Tells the others that this instance is gone. */
  stop(): void;
}

export interface PresenceDependencies {
  readonly subscriptions: Pick<Subscriptions, 'count' | 'listCampaigns' | 'onCount'>;
  readonly messages: Pick<InstanceMessages, 'isConnected' | 'onChange' | 'openTopic'>;
  readonly options?: Partial<PresenceOptions>;
}

export interface PresenceOptions {
  /** How often everything is told, changed or not (5 s). */
  readonly refreshMs: number;
  /** For how long what was told is believed (16 s: two may be lost). */
  readonly expireMs: number;
  /** What changes within this time is told together (100 ms). */
  readonly gatherMs: number;
}

/** `hello` asks the others for what they have, `here` and `bye` speak of the instance, `count` of a campaign at it. */
type Message =
  | { readonly kind: 'hello' | 'here' | 'bye' }
  | { readonly kind: 'count'; readonly campaignId: string; readonly count: number };

const schema = {
  oneOf: [
    { type: 'object', required: ['kind'], properties: { kind: { type: 'string', enum: ['hello', 'here', 'bye'] } } },
    {
      type: 'object',
      required: ['kind', 'campaignId', 'count'],
      properties: {
        kind: { type: 'string', const: 'count' },
        campaignId: { type: 'string', pattern: '^[0-9a-f]{24}$' },
        count: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      },
    },
  ],
};

/** Another instance. What it has of a campaign is not believed for ever, since word of its end may be lost. */
interface Other {
  seenAtMs: number;
  readonly counts: Map<string, { readonly count: number; readonly atMs: number }>;
}

const DEFAULTS: PresenceOptions = { refreshMs: 5_000, expireMs: 16_000, gatherMs: 100 };
/** More than this is not remembered: no deployment has so many. */
const MAX_OTHERS = 256;
const MAX_CAMPAIGNS = 50_000;

/** Makes the presence of an instance. */
export function createPresence({ subscriptions, messages, options }: PresenceDependencies): Presence {
  const { refreshMs, expireMs, gatherMs } = { ...DEFAULTS, ...options };
  const watchers = new Map<string, Set<() => void>>();
  const others = new Map<string, Other>();
  const changed = new Set<string>();
  let refreshing: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let isStarted = false;

  const notify = (campaignId: string): void => {
    for (const listener of [...(watchers.get(campaignId) ?? [])]) listener();
  };

  const topic = messages.openTopic<Message>({
    topic: 'presence',
    channel: PRESENCE_CHANNEL,
    schema,
    limits: { waiting: MAX_CAMPAIGNS, batch: 500 },
    onMessage(message, _channel, from) {
      const other = selectOther(from);
      if (other === undefined) return;
      other.seenAtMs = performance.now();
      if (message.kind === 'count') setCount(other, message.campaignId, message.count);
      else if (message.kind === 'bye') forget(from, other);
      else if (message.kind === 'hello') tellAll('here');
    },
  });

  function selectOther(from: string): Other | undefined {
    const known = others.get(from);
    if (known !== undefined || others.size >= MAX_OTHERS) return known;
    const other: Other = { seenAtMs: 0, counts: new Map() };
    others.set(from, other);
    return other;
  }

  function setCount({ counts }: Other, campaignId: string, count: number): void {
    const before = counts.get(campaignId)?.count ?? 0;
    if (count === 0) counts.delete(campaignId);
    else if (before > 0 || counts.size < MAX_CAMPAIGNS) counts.set(campaignId, { count, atMs: performance.now() });
    if (count !== before) notify(campaignId);
  }

  function forget(from: string, { counts }: Other): void {
    others.delete(from);
    for (const campaignId of counts.keys()) notify(campaignId);
  }

  /** Forgets what was not told again for long. */
  function expire(): void {
    const limitMs = performance.now() - expireMs;
    for (const [from, other] of others) {
      if (other.seenAtMs < limitMs) forget(from, other);
      else for (const [campaignId, { atMs }] of other.counts) if (atMs < limitMs) setCount(other, campaignId, 0);
    }
  }

  function tellAll(kind: 'hello' | 'here'): void {
    if (!isStarted || !messages.isConnected) return;
    topic.publish(kind, { kind });
    for (const campaignId of subscriptions.listCampaigns()) changed.add(campaignId);
    gather();
  }

  function gather(): void {
    if (isStarted) gathering ??= setTimeout(tellChanged, gatherMs).unref();
  }

  function tellChanged(): void {
    gathering = undefined;
    for (const campaignId of changed) {
      topic.publish(campaignId, { kind: 'count', campaignId, count: subscriptions.count(campaignId) });
    }
    changed.clear();
  }

  subscriptions.onCount(campaignId => {
    notify(campaignId);
    if (!messages.isConnected) return;
    changed.add(campaignId);
    gather();
  });
  messages.onChange(() => tellAll('hello'));

  return {
    get otherInstances() {
      return others.size;
    },
    countSubscribers(campaignId) {
      let count = subscriptions.count(campaignId);
      for (const { counts } of others.values()) count += counts.get(campaignId)?.count ?? 0;
      return count;
    },
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
    start() {
      isStarted = true;
      refreshing = setInterval(() => {
        expire();
        tellAll('here');
      }, refreshMs).unref();
      tellAll('hello');
    },
    stop() {
      if (isStarted) topic.publish('bye', { kind: 'bye' });
      isStarted = false;
      clearInterval(refreshing);
      clearTimeout(gathering);
    },
  };
}
