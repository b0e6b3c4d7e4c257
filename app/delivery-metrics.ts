import { type Metrics } from '../lib/metrics.ts';
import { type DeliverySummary } from './datastore/deliveries.ts';
import { type Census } from './hooks/delivery/census.ts';
import { type DeliveriesMetrics } from './hooks/delivery/deliveries.ts';

/** The metrics of deliveries. */
export interface DeliveryMetrics {
  readonly deliveries: DeliveriesMetrics;
  /** Shows what a census counts, at each scrape. */
  watchDeliveries(census: Census, clock: () => Date): void;
}

const LAG_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 86_400];
const OPENNESS = { closed: 0, halfOpen: 0.5, open: 1 } as const;

/** Registers the metrics of deliveries. Their label `effect` is one of a few names. */
export function createDeliveryMetrics(metrics: Metrics): DeliveryMetrics {
  const attempts = metrics.counter({
    name: 'deliveries_total',
    help: 'Attempts to deliver a change, by effect and outcome.',
    labels: ['effect', 'outcome'],
  });
  const batches = metrics.histogram({
    name: 'deliveries_batch_duration_seconds',
    help: 'How long batches of deliveries take.',
    labels: ['effect'],
  });
  const lags = metrics.histogram({
    name: 'deliveries_lag_seconds',
    help: 'How long after its change something was delivered.',
    labels: ['effect'],
    buckets: LAG_BUCKETS_SECONDS,
  });
  const circuits = metrics.gauge({
    name: 'deliveries_circuit_open',
    help: 'Whether this process takes the target to be down: 1, 0.5 while it is tried again, 0.',
    labels: ['effect'],
  });
  return {
    deliveries: {
      ofEffect(effect) {
        const batch = batches.labels(effect);
        const lag = lags.labels(effect);
        circuits.set({ effect }, OPENNESS.closed);
        return {
          attempted: (outcome, count) => attempts.inc({ effect, outcome }, count),
          performed: seconds => batch.observe(seconds),
          delivered: seconds => lag.observe(seconds),
          circuitChanged: state => circuits.set({ effect }, OPENNESS[state]),
        };
      },
    },
    watchDeliveries(census, clock) {
      const show = (name: string, help: string, select: (summary: DeliverySummary) => number): void => {
        // Each is collected by itself; the census counts for all of them at once.
        metrics.gauge({ name, help, labels: ['effect'] }, async gauge => {
          for (const [effect, summary] of await census.read()) gauge.set({ effect }, select(summary));
        });
      };
      show('deliveries_pending', 'Changes that are still to be delivered, by effect.', ({ pending }) => pending);
      show('deliveries_dead', 'Dead letters, by effect.', ({ dead }) => dead);
      show(
        'deliveries_oldest_age_seconds',
        'The age of the oldest change that is still to be delivered, by effect.',
        ({ oldestAt }) => (oldestAt === null ? 0 : Math.max(0, clock().getTime() - oldestAt.getTime()) / 1000),
      );
    },
  };
}
