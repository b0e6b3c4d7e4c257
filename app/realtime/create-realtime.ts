import { type Server as HttpServer } from 'node:http';
import { type TokenVerifier } from '../../lib/auth/token-verifier.ts';
import { type Health } from '../../lib/health.ts';
import { type Log } from '../../lib/log.ts';
import { limitLog } from '../../lib/log-limit.ts';
import { type Tracing } from '../../lib/spans.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { type Config } from '../../config/schema.ts';
import { type ContextFactory } from '../context-factory.ts';
import { type Clock } from '../context.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type Actor } from '../policy.ts';
import { type EventDoor } from '../services/event-door.ts';
import { type RealtimeMetrics } from '../realtime-metrics.ts';
import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { registerCampaignActions } from './actions/campaigns.ts';
import { registerNexusActions } from './actions/nexus.ts';
import { registerSessionActions } from './actions/session.ts';
import { registerStreamActions } from './actions/streams.ts';
import { type Bus, createBus } from './bus.ts';
import { openBusRelay } from './bus-relay.ts';
import { createCampaignAnalytics } from './campaign-analytics.ts';
import { createCampaignIds } from './campaign-ids.ts';
import { type Channel, createChannel } from './channel.ts';
import { requests } from './declarations.ts';
import { createEventDoor } from './event-door.ts';
import { createEventStreams } from './event-streams.ts';
import { createFrameWriter } from './frame-writer.ts';
import { type EventPayload } from './envelope.ts';
import { createPresence, type Presence } from './presence.ts';
import { createRegistrar, selectName } from './registrar.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';
import { createStatePoll } from './state-poll.ts';
import { createStreams } from './streams.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';

export interface RealtimeDependencies {
  readonly tokens: TokenVerifier<Actor>;
  readonly datastores: Pick<Datastores, 'campaigns' | 'users'>;
  /** Null when live states are switched off: then all that needs them says so. */
  readonly states: CampaignStateManager | null;
  /** Whether other instances may write to the same journal, so that it must be looked through for what they wrote. */
  readonly isJournalShared: boolean;
  readonly contexts: ContextFactory;
  readonly health: Health;
  /** What instances tell each other. */
  readonly messages: InstanceMessages;
  readonly clock: Clock;
  readonly Log: Log;
  readonly metrics: RealtimeMetrics;
  /** Null while nothing is traced. */
  readonly tracing: Tracing | null;
}

/** What serves live states to those who are connected. */
export interface Realtime {
  readonly bus: Bus;
  readonly channel: Channel;
  readonly subscriptions: Subscriptions;
  readonly presence: Presence;
  /** The same for those who come by HTTP. */
  readonly door: EventDoor;
  /** Takes connections that come to a server, where one is to have the channel, and looks for what other instances wrote. */
  start(server: HttpServer | undefined): void;
  /** Says goodbye to all who are connected. */
  close(): Promise<void>;
}

/** Makes the channel and what can be asked over it. Nothing is connected yet. */
export function createRealtime(config: Config, dependencies: RealtimeDependencies): Realtime {
  const { tokens, datastores, states, contexts, health, messages, clock, metrics, tracing } = dependencies;
  // Whatever is sent, and however often, fills no log.
  const Log: Log = path => limitLog(dependencies.Log(path));
  const { channel: channelConfig, state: stateConfig } = config;
  const limits = {
    bufferCount: stateConfig.subscriberBuffer,
    bufferBytes: stateConfig.subscriberBufferBytes,
    drainMs: stateConfig.subscriberDrainMs,
    perConnection: channelConfig.maxSubscriptions,
    heartbeatMs: channelConfig.streamHeartbeatMs,
  };
  const streams = createStreams({
    clock,
    limits,
    countOthers: connection => subscriptions.countOf(connection),
    metrics: metrics.streams,
  });
  const bus = createBus({
    clock,
    log: Log('app/realtime/bus'),
    metrics: metrics.bus,
    streams,
    tracing,
    openRelay: receiver =>
      openBusRelay(messages, {
        receiver,
        selectPresence: () => presence,
        onDropped: type => metrics.bus.dropped(type),
      }),
  });
  const log = Log('app/realtime/frame-writer');
  const writer = createFrameWriter(error => log.error('socket.write.failed', { error }));
  const subscriptions = createSubscriptions({
    states: states ?? { subscribe: () => Promise.reject(createSwitchedOffError()) },
    clock,
    log: Log('app/realtime/subscriptions'),
    limits,
    countOthers: connection => streams.count(connection),
    windowMs: stateConfig.frameWindowMs,
    whenWritten: () => writer.whenWritten(),
    onSlow: metrics.slow,
  });
  const presence = createPresence({ subscriptions, messages });
  const { maxSubscriptions: _ofSubscriptions, streamHeartbeatMs: _ofStreams, ...options } = channelConfig;
  const channel = createChannel({
    bus,
    tokens,
    subscriptions,
    streams,
    writer,
    clock,
    log: Log('app/realtime/channel'),
    options,
    onConnection: metrics.connection,
  });
  const readHealth = async (): Promise<EventPayload> => {
    const readiness = await health.check();
    return {
      ...readiness,
      connections: channel.connectionCount,
      subscriptions: subscriptions.summarize(),
      // Without Redis events and counts of subscribers are those of this instance alone.
      instances: { isConnected: messages.isConnected, others: presence.otherInstances },
      streams: streams.total,
      state: states === null ? { isEnabled: false } : { isEnabled: true, ...states.summarize() },
    };
  };
  const campaignIds = createCampaignIds({
    campaigns: datastores.campaigns,
    defaultIdentifier: stateConfig.defaultCampaign,
  });
  const registrar = createRegistrar(bus, campaignIds);
  registerSessionActions(registrar, {
    refreshToken: (caller, token) => channel.refreshToken(caller, token),
    readHealth,
  });
  registerNexusActions(registrar, { bus, campaignIds, clock, maxPatterns: channelConfig.maxSubscriptions });
  if (states === null) {
    registerSwitchedOff(bus);
  } else {
    registerCampaignActions(registrar, { states, subscriptions, users: datastores.users, contexts });
    const analytics = createCampaignAnalytics({ states, presence, clock });
    registerStreamActions(registrar, { bus, states, streams, subscriptions, analytics });
  }
  const eventStreams = createEventStreams({
    bus,
    log: Log('app/realtime/event-streams'),
    options: {
      maxStreams: channelConfig.maxConnections,
      maxStreamsPerUser: channelConfig.maxConnectionsPerUser,
      drainMs: stateConfig.subscriberDrainMs,
      returnWithinMs: channelConfig.returnWithinMs,
    },
    onStream: metrics.eventStream,
  });
  metrics.watch({
    connections: () => channel.connectionCount,
    subscriptions: () => subscriptions.summarize().subscribers,
    streams: () => streams.total,
    states: () => states?.summarize() ?? { campaigns: 0, pending: 0, bytes: 0 },
  });
  const poll =
    states !== null && dependencies.isJournalShared
      ? createStatePoll({
          states,
          selectIntervalMs: () => (messages.isConnected ? stateConfig.pollConnectedMs : stateConfig.pollMs),
          log: Log('app/realtime/state-poll'),
        })
      : undefined;
  // News that came while Redis was away did not arrive.
  messages.onChange(() => poll?.hurry());

  return {
    bus,
    channel,
    subscriptions,
    presence,
    door: createEventDoor({ bus, streams: eventStreams, campaignIds, clock }),
    start(server) {
      if (server !== undefined) channel.attach(server);
      poll?.start();
      presence.start();
    },
    async close() {
      presence.stop();
      await Promise.all([channel.close(), eventStreams.close(), poll?.stop()]);
    },
  };
}

/** Answers what cannot be asked without live states by saying so. */
function registerSwitchedOff(bus: Bus): void {
  for (const declaration of Object.values(requests)) {
    const [service, action] = selectName(declaration);
    if (service !== 'campaign' || action === 'health') continue;
    bus.registerAction(service, action, 1, () => Promise.reject(createSwitchedOffError()), { isPrivate: true });
  }
}

function createSwitchedOffError(): ServiceUnavailableError {
  const message = 'Live states are switched off (CAMPAIGN_STATE_ENABLED).';
  return new ServiceUnavailableError('campaign state', { message, retryAfterSeconds: 300 });
}
