import { type AddressInfo } from 'node:net';
import { createKeyProvider } from '../lib/auth/key-provider.ts';
import { createTokenVerifier } from '../lib/auth/token-verifier.ts';
import { createHealth } from '../lib/health.ts';
import { createLog, type Log, type Logger } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { createPipeline } from '../lib/middlewares/pipeline.ts';
import { compileSchemas } from '../lib/schema/validator.ts';
import { createShutdown } from '../lib/shutdown.ts';
import { createTracing } from '../lib/tracing.ts';
import { selectKeySource } from '../config/rules.ts';
import { type Config } from '../config/schema.ts';
import { type ContextFactory, createContextFactory } from './context-factory.ts';
import { type Clock } from './context.ts';
import { prepareDefaultCampaign } from './default-campaign.ts';
import { createDatastores, type Datastores, openChanges, openVersionedCollections } from './datastore/datastores.ts';
import { type Store } from './datastore/store/collection.ts';
import { createConfiguredDeliveries } from './hooks/create-deliveries.ts';
import { createDispatcher } from './hooks/dispatcher.ts';
import { closeGently, createHttpServer, type HttpServer, listen } from './http.ts';
import { type Actor, selectActor } from './policy.ts';
import { createDocs } from './router/docs.ts';
import { createOpenApi } from './router/openapi.ts';
import { type AnyRoute } from './router/route.ts';
import { createRouter } from './router/router.ts';
import { businessRoutes } from './router/routes.ts';
import { createMetricsRoute, createSystemRoutes, probePaths } from './router/system.ts';
import { withInvalidations } from './services/cache/invalidations.ts';
import { createCaching } from './services/caching.ts';
import { createAwsClients } from './services/aws.ts';
import { createServices } from './services/create-services.ts';
import { createAsyncApi } from './realtime/asyncapi.ts';
import { CHANNEL_PATH } from './realtime/channel.ts';
import { createLateDoor } from './realtime/event-door.ts';
import { createRealtime, type Realtime } from './realtime/create-realtime.ts';
import { createStates } from './realtime/create-states.ts';
import { createInstanceMessages, type InstanceMessages } from './services/redis/instance-messages.ts';
import { createRedisServers } from './services/redis/servers.ts';
import { createRevocations } from './services/revocations.ts';
import { createServiceMetrics } from './metrics.ts';
import { type Services } from './services/services.ts';
import { openStore, prepareIndexes } from './store.ts';
import { selectWorkers, type Worker } from './workers/workers.ts';
import { version } from './version.ts';

/** What can be put in the place of the real thing: a clock and a log by tests, an exporter of spans by tests and benchmarks. */
export interface AppOptions {
  readonly config: Config;
  /** `development`, `test` or `production`. */
  readonly environment: string;
  readonly clock?: Clock;
  readonly log?: { readonly Log: Log; readonly flush: () => Promise<void> };
  readonly exporter?: NonNullable<Parameters<typeof createTracing>[0]['exporter']>;
}

/** The service, made and not yet started. */
export interface App {
  readonly store: Store;
  readonly datastores: Datastores;
  readonly services: Services;
  readonly contexts: ContextFactory;
  readonly routes: readonly AnyRoute[];
  readonly metrics: Metrics;
  /** Undefined in a process with neither the role `web` nor `realtime`. */
  readonly realtime: Realtime | undefined;
  /** What instances tell each other. */
  readonly messages: Pick<InstanceMessages, 'isConnected'>;
  /** Listens and starts the workers. Throws what `listen` throws: a port that is taken. */
  start(): Promise<{ readonly url: string }>;
  /** Stops in order, once, and says why in the log when there is a reason. Gives the exit code. */
  stop(reason?: string): Promise<number>;
}

/**
 * Makes the service of a configuration: opens the database, composes everything, listens to nothing yet.
 * Throws what `openStore` throws; what was opened by then is closed.
 */
export async function create(options: AppOptions): Promise<App> {
  const { config, environment, clock = () => new Date() } = options;
  const { Log, flush } = options.log ?? createLog({ level: config.log.level, environment });
  const store = await openStore(config, Log);
  try {
    return await compose({ ...options, clock, log: { Log, flush } }, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Says what production can do without, and should not. */
function warnOfGaps(log: Logger, { store, services }: { readonly store: Store; readonly services: Services }): void {
  if (store.kind === 'embedded') log.warn('database.embedded', { missing: 'MONGODB_URI', location: store.location });
  if (!services.fieldEncryption.enabled) log.warn('encryption.off', { missing: 'DATA_ENCRYPTION_KEYS' });
}

async function compose(options: AppOptions & Required<Pick<AppOptions, 'clock' | 'log'>>, store: Store): Promise<App> {
  const { config, environment, clock, exporter } = options;
  const { Log, flush } = options.log;
  const { server, service, jwt, rateLimit } = config;
  const metrics = createMetrics({ isProcessMeasured: environment !== 'test' });
  const serviceMetrics = createServiceMetrics(metrics);
  const tracing = await createTracing({ ...config.tracing, ...(exporter && { exporter }) });
  const shutdown = createShutdown({ log: Log('app/shutdown'), timeoutMs: server.shutdownTimeoutMs });
  await prepareIndexes(store, { create: store.kind === 'embedded' || config.database.createIndexes, log: Log });

  // What follows a change is made of the datastores that record changes; nothing is recorded before both are there.
  const changes = openChanges(store, {
    selectWanted: sources => deliveries.selectWanted(sources),
    onRecorded: records => deliveries.onRecorded(records),
  });
  const collections = openVersionedCollections(store);
  const dispatcher = createDispatcher({
    collections,
    changes,
    clock,
    log: Log('app/hooks/dispatcher'),
    metrics: serviceMetrics.dispatcher,
    clearDelayMs: config.changes.clearDelayMs,
  });
  const redis = createRedisServers(config.redis, Log);
  const messages = createInstanceMessages(redis, { Log, count: serviceMetrics.instanceMessages });
  const caching = createCaching(config, { servers: redis, messages, count: serviceMetrics.cacheRead });
  const outbox = withInvalidations(dispatcher, invalidation => caching.announce(invalidation));
  const bare = createDatastores({ store, changes, outbox, clock });
  const datastores = serviceMetrics.instrumentDatastores(bare, tracing);
  const aws = createAwsClients(config);
  const states = await createStates(config, {
    datastores,
    clock,
    Log,
    observer: serviceMetrics.realtime.state,
    messages,
    selectPresence: () => realtime?.presence,
  });
  const deliveries = createConfiguredDeliveries(config, {
    datastores,
    states,
    clock,
    Log,
    metrics: serviceMetrics,
    tracing,
    aws,
    createContext: (correlation, signal) => contexts.forSystem(correlation, signal),
  });
  const revocations = createRevocations({ users: datastores.users, log: Log('app/services/revocations') });
  const services = createServices(config, {
    revocations,
    deliveries,
    events: createLateDoor(() => realtime?.door),
    caching,
    onRefreshed: serviceMetrics.refreshed,
    onHttpAttempt: serviceMetrics.httpAttempted,
    instrument: (name, one) => serviceMetrics.instrumentService(name, one, tracing),
    Log,
  });
  serviceMetrics.watchCache(services.campaignCache);
  if (environment === 'production') warnOfGaps(Log('app'), { store, services });
  const contexts = createContextFactory({ datastore: datastores, service: services, log: Log('app/managers'), clock });
  const workers: readonly Worker[] = selectWorkers(service.roles, {
    config,
    datastores,
    collections,
    dispatcher,
    deliveries,
    aws,
    contexts,
    clock,
    Log,
  });

  const health = createHealth(
    { [store.kind === 'mongodb' ? 'mongodb' : 'database']: () => store.ping() },
    redis?.checks,
  );
  const keys = createKeyProvider({ ...selectKeySource(jwt), algorithms: jwt.algorithms, log: Log });
  const tokens = createTokenVerifier<Actor>({
    keys,
    toActor: selectActor,
    isRevoked: actor => revocations.isRevoked(actor),
    issuer: jwt.issuer,
    audience: jwt.audience,
    maxAgeSeconds: jwt.maxAgeSeconds,
    clockToleranceSeconds: jwt.clockToleranceSeconds,
    cacheSize: jwt.cacheSize,
  });
  const routes: AnyRoute[] = [
    // A process without this role can be asked how it is, and nothing else.
    ...(service.roles.includes('web') ? businessRoutes : []),
    ...createSystemRoutes({ health, docs: createDocs({ openapi: () => openapi, asyncapi: () => asyncapi }) }),
    ...(server.metricsPort === undefined ? [createMetricsRoute(metrics)] : []),
  ];
  const openapi = JSON.stringify(createOpenApi(routes, { version }));
  const asyncapi = JSON.stringify(createAsyncApi({ version }));
  const pipeline = createPipeline({
    log: Log,
    metrics: metrics.http,
    tracing,
    bodyLimitBytes: server.bodyLimitBytes,
    requestTimeoutMs: server.requestTimeoutMs,
    isAccessLogged: config.log.access,
    rateLimitPerMinute: rateLimit.enabled ? rateLimit.perMinute : null,
    unlimitedPaths: probePaths,
    tokens,
  });
  const isChannelServed = service.roles.includes('realtime');
  const createServer = (served: readonly AnyRoute[]): HttpServer =>
    createHttpServer(
      [...pipeline, createRouter({ routes: served, createContext: http => contexts.forRequest(http) })],
      {
        trustedProxies: server.trustProxy ? server.trustedProxies : 0,
        requestTimeoutMs: server.requestTimeoutMs,
        ...(isChannelServed && { upgradePath: CHANNEL_PATH }),
        log: Log,
      },
    );
  const main = createServer(routes);
  // Live states and events have doors on the API and on the channel.
  const hasDoors = isChannelServed || service.roles.includes('web');
  const realtime = hasDoors
    ? createRealtime(config, {
        tokens,
        datastores,
        states,
        // No two processes open an embedded store, and memory is each one's own.
        isJournalShared: store.kind === 'mongodb' && config.state.persistence,
        contexts,
        health,
        messages,
        clock,
        Log,
        metrics: serviceMetrics.realtime,
        tracing,
      })
    : undefined;
  const ofMetrics = server.metricsPort === undefined ? undefined : createServer([createMetricsRoute(metrics)]);
  const servers = [main, ...(ofMetrics ? [ofMetrics] : [])];
  // Tests make hundreds of apps, each of which needs a few of the schemas.
  if (environment !== 'test') compileSchemas();

  shutdown.add('notReady', 'health', async () => {
    // Load balancers need not look away from what never was ready.
    if (health.setState('draining') === 'ready') {
      await new Promise(resolve => setTimeout(resolve, server.shutdownDelayMs));
    }
  });
  shutdown.add('closeSockets', 'channel', () => realtime?.close());
  // Clients that keep the service waiting have half of the time, so that they leave some to what has to be answered.
  shutdown.add('drainRequests', 'http', leftMs => Promise.all(servers.map(one => closeGently(one, leftMs / 2))));
  shutdown.add('drainWork', 'workers', () => Promise.all(workers.map(worker => worker.stop())));
  shutdown.add('drainWork', 'states', leftMs => states?.stop(leftMs / 2));
  shutdown.add('drainWork', 'revocations', () => revocations.stop());
  shutdown.add('closeClients', 'changes', async () => {
    await dispatcher.drain();
    await aws.close();
    await store.close();
    await redis?.close();
    keys.close();
    await tracing?.shutdown();
  });
  shutdown.add('flushLogs', 'log', flush);

  return {
    store,
    datastores,
    services,
    contexts,
    routes,
    metrics,
    realtime,
    messages,
    async start() {
      await revocations.poll();
      redis?.open();
      states?.start();
      if (hasDoors) await prepareDefaultCampaign(config, contexts.forSystem('start'));
      realtime?.start(isChannelServed ? main : undefined);
      await listen(main, server.port, server.host);
      if (ofMetrics) await listen(ofMetrics, server.metricsPort ?? 0, server.host);
      revocations.start(jwt.revocationPollMs);
      for (const worker of workers) worker.start();
      health.setState('ready');
      const { port } = main.address() as AddressInfo;
      const url = `http://${server.host === '0.0.0.0' ? '127.0.0.1' : server.host}:${port}`;
      Log('app').info('service.started', { url, store: store.kind, roles: service.roles, version });
      return { url };
    },
    stop: reason => shutdown.run(reason),
  };
}
