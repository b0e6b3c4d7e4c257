import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { coversAction } from './event-topics.ts';
import { type Subscriptions } from './subscriptions.ts';

/** The channel on which instances tell each other who is there. */
export const PRESENCE_CHANNEL = 'campaign-service:presence';

/** Who is there, over all instances. */
export interface Presence {
  /** How many other instances were heard of lately. */
  readonly otherInstances: number;
  /** How many subscribers a campaign has. Without Redis: at this instance. */
  countSubscribers(campaignId: string): number;
  /** Whether a campaign has subscribers at another instance. */
  isFollowedElsewhere(campaignId: string): boolean;
  /** Has a listener called each time that the subscribers of a campaign may be others. Gives what ends it. */
  watch(campaignId: string, listener: () => void): () => void;
  /** Whether events of an action are listened to at another instance. */
  isHeard(service: string, action: string): boolean;
  /** Tells the others which topics of events are listened to here. */
  announce(topics: readonly string[]): void;
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

const DEFAULTS: PresenceOptions = { refreshMs: 5_000, expireMs: 16_000, gatherMs: 100 };
/** More than this is not remembered: no deployment has so many. */
const MAX_OTHERS = 256;
const MAX_CAMPAIGNS = 50_000;
/** Whoever listens to more topics is told of everything. */
const MAX_TOPICS = 64;

/** `hello` asks the others for all that they have; `here` says what events an instance listens to. */
type Message =
  | { readonly kind: 'hello' }
  | { readonly kind: 'bye' }
  | { readonly kind: 'here'; readonly topics: readonly string[] }
  | { readonly kind: 'count'; readonly campaignId: string; readonly count: number };

const kind = (...kinds: readonly string[]) => ({ type: 'string', enum: kinds });

const schema = {
  oneOf: [
    {
      type: 'object',
      required: ['kind', 'topics'],
      properties: {
        kind: kind('here'),
        topics: { type: 'array', maxItems: MAX_TOPICS, items: { type: 'string', maxLength: 200 } },
      },
    },
    { type: 'object', required: ['kind'], properties: { kind: kind('hello', 'bye') } },
    {
      type: 'object',
      required: ['kind', 'campaignId', 'count'],
      properties: {
        kind: kind('count'),
        campaignId: { type: 'string', pattern: '^[0-9a-f]{24}$' },
        count: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      },
    },
  ],
};

/** Another instance. What it has of a campaign is not believed for ever, since word of its end may be lost. */
interface Other {
  seenAtMs: number;
  topics: ReadonlySet<string>;
  readonly counts: Map<string, { readonly count: number; readonly atMs: number }>;
}

/** Makes the presence of an instance. */
export function createPresence({ subscriptions, messages, options }: PresenceDependencies): Presence {
  const { refreshMs, expireMs, gatherMs } = { ...DEFAULTS, ...options };
  const watchers = new Map<string, Set<() => void>>();
  const others = new Map<string, Other>();
  const changed = new Set<string>();
  let refreshing: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let isStarted = false;
  let heard: readonly string[] = [];

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
      if (message.kind === 'count') return setCount(other, message.campaignId, message.count);
      if (message.kind === 'bye') return forget(from, other);
      if (message.kind === 'hello') return tellAll();
      other.topics = new Set(message.topics);
    },
  });

  function selectOther(from: string): Other | undefined {
    const known = others.get(from);
    if (known !== undefined || others.size >= MAX_OTHERS) return known;
    const other: Other = { seenAtMs: 0, topics: new Set(), counts: new Map() };
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

  function tellHere(): void {
    if (isStarted && messages.isConnected) topic.publish('here', { kind: 'here', topics: heard });
  }

  function tellAll(): void {
    if (!isStarted || !messages.isConnected) return;
    tellHere();
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
  const greet = (): void => {
    if (isStarted && messages.isConnected) topic.publish('hello', { kind: 'hello' });
    tellAll();
  };
  messages.onChange(greet);

  return {
    get otherInstances() {
      return others.size;
    },
    isHeard(service, action) {
      for (const { topics } of others.values()) if (coversAction(topics, service, action)) return true;
      return false;
    },
    announce(topics) {
      heard = topics.length > MAX_TOPICS ? ['*'] : topics;
      tellHere();
    },
    countSubscribers(campaignId) {
      let count = subscriptions.count(campaignId);
      for (const { counts } of others.values()) count += counts.get(campaignId)?.count ?? 0;
      return count;
    },
    isFollowedElsewhere(campaignId) {
      for (const { counts } of others.values()) if (counts.has(campaignId)) return true;
      return false;
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
        tellAll();
      }, refreshMs).unref();
      greet();
    },
    stop() {
      if (isStarted) topic.publish('bye', { kind: 'bye' });
      isStarted = false;
      clearInterval(refreshing);
      clearTimeout(gathering);
    },
  };
}
