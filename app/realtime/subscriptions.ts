import { createKeyedQueue } from '../../lib/keyed-queue.ts';
import { type Logger } from '../../lib/log.ts';
import { type Clock } from '../context.ts';
import { type JournalPosition } from '../datastore/state-journal.ts';
import { LimitExceededError } from '../errors.ts';
import { type CampaignFeed, type JoinedAt, openCampaignFeed, type SelectView } from './campaign-feed.ts';
import { type Connection } from './connection.ts';
import { type StateMode } from './state-frames.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';
import { Subscriber, type SubscriberLimits } from './subscriber.ts';

export interface SubscribeRequest {
  readonly campaignId: string;
  readonly connection: Connection;
  readonly mode: StateMode;
  readonly since?: JournalPosition | undefined;
  readonly selectView: SelectView;
  /** Whether `selectView` always gives the state itself. */
  readonly isViewFixed: boolean;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** Who gets the versions of which campaigns, over which connections. */
export interface Subscriptions {
  /**
   * Subscribes a connection to a campaign, in the place of an earlier subscription. Throws `LimitExceededError`, and what
   * `CampaignStateManager.subscribe` throws; then an earlier one stays.
   */
  subscribe(request: SubscribeRequest): Promise<JoinedAt>;
  /** Ends a subscription; nothing of it is sent after that. Says whether there was one. */
  unsubscribe(campaignId: string, connection: Connection): Promise<boolean>;
  /** The subscriptions of a connection, by campaign. */
  list(connection: Connection): readonly string[];
  /** How many subscriptions a connection has or is about to have. */
  countOf(connection: Connection): number;
  /** How many subscribers a campaign has in this process. */
  count(campaignId: string): number;
  /** The campaigns that have subscribers in this process. */
  listCampaigns(): readonly string[];
  /** Has a listener told of each campaign that has a subscriber more or less. Must not throw. */
  onCount(listener: (campaignId: string) => void): void;
  /** How many campaigns and subscribers there are. */
  summarize(): { readonly campaigns: number; readonly subscribers: number };
}

export interface SubscriptionsOptions {
  readonly states: Pick<CampaignStateManager, 'subscribe'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
  readonly limits: SubscriberLimits & { readonly perConnection: number };
  /** How many of the places for subscriptions a connection has taken for something else. */
  readonly countOthers?: (connection: Connection) => number;
  readonly windowMs: number;
  /** Resolves when all that was sent until now has been written to the connections. */
  readonly whenWritten: () => Promise<void>;
  readonly onSlow: (action: 'coalesced' | 'closed') => void;
}

interface OpenFeed {
  readonly opening: Promise<CampaignFeed>;
  feed: CampaignFeed | undefined;
  /** How many use it: those who subscribe just now, and those who have. */
  users: number;
}

/** The subscribers of a connection, by campaign. */
class Own extends Map<string, Subscriber> {
  /** How many subscriptions are being made. */
  joining = 0;
}

/** Makes the subscriptions of a process. */
export function createSubscriptions(dependencies: SubscriptionsOptions): Subscriptions {
  const { states, clock, log, limits, countOthers = () => 0, windowMs, whenWritten, onSlow } = dependencies;
  const feeds = new Map<string, OpenFeed>();
  const byConnection = new Map<Connection, Own>();
  const turns = createKeyedQueue();
  const countListeners: ((campaignId: string) => void)[] = [];

  const tellCount = (campaignId: string): void => {
    for (const listener of countListeners) listener(campaignId);
  };

  const use = (campaignId: string): OpenFeed => {
    const known = feeds.get(campaignId);
    if (known !== undefined) {
      known.users += 1;
      return known;
    }
    const opened: OpenFeed = {
      opening: openCampaignFeed({ campaignId, states, clock, log, windowMs, whenWritten }),
      feed: undefined,
      users: 1,
    };
    feeds.set(campaignId, opened);
    opened.opening.then(
      feed => {
        opened.feed = feed;
      },
      () => {
        if (feeds.get(campaignId) === opened) feeds.delete(campaignId);
      },
    );
    return opened;
  };

  const release = (campaignId: string, opened: OpenFeed): void => {
    opened.users -= 1;
    if (opened.users > 0 || feeds.get(campaignId) !== opened) return;
    feeds.delete(campaignId);
    opened.feed?.close();
  };

  const leave = (campaignId: string, connection: Connection): boolean => {
    const own = byConnection.get(connection);
    const subscriber = own?.get(campaignId);
    const opened = feeds.get(campaignId);
    if (own === undefined || subscriber === undefined || opened === undefined) return false;
    own.delete(campaignId);
    opened.feed?.leave(subscriber);
    release(campaignId, opened);
    tellCount(campaignId);
    return true;
  };

  const selectOwn = (connection: Connection): Own => {
    const known = byConnection.get(connection);
    if (known !== undefined) return known;
    const own = new Own();
    byConnection.set(connection, own);
    connection.onClose(() => {
      for (const campaignId of [...own.keys()]) leave(campaignId, connection);
      byConnection.delete(connection);
    });
    return own;
  };

  const join = async (request: SubscribeRequest): Promise<JoinedAt> => {
    const { campaignId, connection, mode, since, selectView, isViewFixed, signal } = request;
    const own = selectOwn(connection);
    if (!own.has(campaignId) && own.size + own.joining + countOthers(connection) >= limits.perConnection) {
      throw new LimitExceededError(`A connection may have ${limits.perConnection} subscriptions and streams.`);
    }
    const opened = use(campaignId);
    own.joining += 1;
    try {
      const feed = await opened.opening;
      const snapshot = () => feed.snapshot(selectView);
      const subscriber = new Subscriber({ connection, mode, isViewFixed, limits, snapshot, onSlow });
      const onJoin = (): void => {
        leave(campaignId, connection);
        own.set(campaignId, subscriber);
        opened.users += 1;
      };
      const joined = await feed.join(subscriber, { since, selectView, signal, onJoin });
      tellCount(campaignId);
      return joined;
    } finally {
      own.joining -= 1;
      release(campaignId, opened);
    }
  };

  const count = (campaignId: string): number => feeds.get(campaignId)?.feed?.subscriberCount ?? 0;

  const selectTurn = (campaignId: string, { id }: Connection): string => `${id} ${campaignId}`;

  return {
    // What one connection asks about one campaign is done in the order in which it was asked.
    subscribe: request => turns.run(selectTurn(request.campaignId, request.connection), () => join(request)),
    unsubscribe: (campaignId, connection) =>
      turns.run(selectTurn(campaignId, connection), async () => leave(campaignId, connection)),
    list: connection => [...(byConnection.get(connection)?.keys() ?? [])],
    countOf(connection) {
      const own = byConnection.get(connection);
      return own === undefined ? 0 : own.size + own.joining;
    },
    count,
    listCampaigns: () => [...feeds.keys()].filter(campaignId => count(campaignId) > 0),
    onCount: listener => void countListeners.push(listener),
    summarize() {
      let subscribers = 0;
      for (const { feed } of feeds.values()) subscribers += feed?.subscriberCount ?? 0;
      return { campaigns: feeds.size, subscribers };
    },
  };
}
