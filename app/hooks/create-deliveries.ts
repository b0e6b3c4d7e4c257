import { type Log } from '../../lib/log.ts';
import { type Tracing } from '../../lib/spans.ts';
import { type Config } from '../../config/schema.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type ServiceMetrics } from '../metrics.ts';
import { createEffects } from './create-effects.ts';
import { createCensus } from './delivery/census.ts';
import { createDeliveries, type Deliveries } from './delivery/deliveries.ts';

export interface ConfiguredDeliveriesDependencies {
  readonly datastores: Pick<Datastores, 'campaigns' | 'markets' | 'deliveries' | 'locks'>;
  readonly clock: () => Date;
  readonly Log: Log;
  readonly metrics: ServiceMetrics;
  readonly tracing: Tracing | null;
  /** Is given what ends the connections of the effects. */
  readonly onClose: (close: () => Promise<void>) => void;
}

/** How long a circuit stays open at first; each probe in vain makes it longer. */
const CIRCUIT_OPEN_MS = 1_000;

/** Makes the deliveries to the targets that are configured, with their metrics. */
export function createConfiguredDeliveries(
  config: Config,
  { datastores, clock, Log, metrics, tracing, onClose }: ConfiguredDeliveriesDependencies,
): Deliveries {
  const { leaseSeconds, circuitFailures, circuitMaxOpenMs, ...options } = config.deliveries;
  const effects = createEffects(config, { datastores, tracing, onClose });
  const deliveries = createDeliveries({
    effects,
    deliveries: datastores.deliveries,
    locks: datastores.locks,
    clock,
    Log,
    metrics: metrics.deliveries,
    options: {
      ...options,
      leaseMs: leaseSeconds * 1000,
      circuit: {
        failures: circuitFailures,
        openMs: Math.min(CIRCUIT_OPEN_MS, circuitMaxOpenMs),
        maxOpenMs: circuitMaxOpenMs,
      },
    },
  });
  const log = Log('app/hooks/delivery/census');
  metrics.watchDeliveries(
    createCensus({ effects: deliveries.effects, deliveries: datastores.deliveries, clock, log }),
    clock,
  );
  return deliveries;
}
