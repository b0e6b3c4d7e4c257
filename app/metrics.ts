import { type HttpOutcome } from '../lib/http-client.ts';
import { instrument } from '../lib/instrument.ts';
import { type Metrics } from '../lib/metrics.ts';
import { type Tracing } from '../lib/tracing.ts';
import { type Datastores } from './datastore/datastores.ts';
import { createDeliveryMetrics, type DeliveryMetrics } from './delivery-metrics.ts';
import { createRealtimeMetrics, type RealtimeMetrics } from './realtime-metrics.ts';
import { type DispatcherMetrics } from './hooks/dispatcher.ts';
import { type CountRead } from './services/cache/shared-tier.ts';
import { type CacheOutcomes } from './services/campaign-cache.ts';
import { type InstanceMessagesDependencies } from './services/redis/instance-messages.ts';
import { type RefreshCounts } from './services/refresh-options.ts';

/** The metrics of the service beside those of HTTP and the process. docs/operations/metrics.md lists them. */
export interface ServiceMetrics extends DeliveryMetrics {
  readonly dispatcher: DispatcherMetrics;
  readonly realtime: RealtimeMetrics;
  readonly refreshed: (counts: RefreshCounts) => void;
  /** Shows what a cache counts, at each scrape. */
  watchCache(cache: { readonly outcomes: CacheOutcomes }): void;
  readonly cacheRead: CountRead;
  readonly instanceMessages: InstanceMessagesDependencies['count'];
  /** Told of each attempt to call another system over HTTP. */
  readonly httpAttempted: (target: string, outcome: HttpOutcome, durationSeconds: number) => void;
  /** Gives a service with each call timed and, while tracing is on, in a span. */
  instrumentService<T extends object>(name: string, service: T, tracing: Tracing | null): T;
  /** Gives the datastores with each call timed and, while tracing is on, in a span. */
  instrumentDatastores(datastores: Datastores, tracing: Tracing | null): Datastores;
}

/** Registers the metrics of the service. */
export function createServiceMetrics(metrics: Metrics): ServiceMetrics {
  const recorded = metrics.counter({
    name: 'changes_recorded_total',
    help: 'Changes that were copied to the collection of changes.',
  });
  const failed = metrics.counter({
    name: 'changes_failed_total',
    help: 'Changes that could not be copied, or not taken from their documents; the sweep comes back to them.',
    labels: ['stage'],
  });
  const moved = metrics.counter({
    name: 'refresh_campaigns_total',
    help: 'Campaigns that a refresh moved, or could not move.',
    labels: ['result'],
  });
  const lastRefresh = metrics.gauge({
    name: 'refresh_last_success_timestamp_seconds',
    help: 'When this process last completed a refresh.',
  });
  const operations = metrics.histogram({
    name: 'datastore_operation_duration_seconds',
    help: 'How long operations of datastores take.',
    labels: ['operation', 'outcome'],
  });
  const cacheReads = metrics.counter({
    name: 'cache_reads_total',
    help: 'Reads of the cache of promoters and of the Discovery API, by tier and outcome.',
    labels: ['tier', 'outcome'],
  });
  const messages = metrics.counter({
    name: 'instance_messages_total',
    help: 'What instances tell each other through Redis, by topic and outcome.',
    labels: ['topic', 'outcome'],
  });
  const attempts = metrics.histogram({
    name: 'http_client_attempt_duration_seconds',
    help: 'How long attempts to call other systems over HTTP take; circuitOpen and overloaded count those that were spared.',
    labels: ['target', 'outcome'],
  });
  const serviceCalls = metrics.histogram({
    name: 'service_operation_duration_seconds',
    help: 'How long operations of services take, the cache included.',
    labels: ['operation', 'outcome'],
  });
  return {
    ...createDeliveryMetrics(metrics),
    realtime: createRealtimeMetrics(metrics),
    cacheRead: (tier, outcome) => cacheReads.inc({ tier, outcome }),
    instanceMessages: (topic, outcome, count) => messages.inc({ topic, outcome }, count),
    httpAttempted: (target, outcome, durationSeconds) => attempts.observe({ target, outcome }, durationSeconds),
    instrumentService: (name, service, tracing) =>
      instrument(service, `service.${name}`, { tracing, histogram: serviceCalls }),
    dispatcher: {
      recorded: count => recorded.inc(count),
      failed: (stage, count) => failed.inc({ stage }, count),
    },
    refreshed: ({ opened, closed, inactivated, failedCount }) => {
      for (const [result, count] of Object.entries({ opened, closed, inactivated, failed: failedCount })) {
        moved.inc({ result }, count);
      }
      lastRefresh.setToCurrentTime();
    },
    watchCache(cache) {
      metrics.counter(
        {
          name: 'campaign_cache_reads_total',
          help: 'Reads of the cache of campaigns, by outcome.',
          labels: ['outcome'],
        },
        counter => {
          counter.reset();
          for (const [outcome, count] of Object.entries(cache.outcomes)) counter.inc({ outcome }, count);
        },
      );
    },
    instrumentDatastores: (datastores, tracing) =>
      Object.fromEntries(
        Object.entries(datastores).map(([noun, datastore]: [string, object]) => [
          noun,
          instrument(datastore, `datastore.${noun}`, { tracing, histogram: operations }),
        ]),
      ) as unknown as Datastores,
  };
}
