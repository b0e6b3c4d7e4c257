import { type Log } from '../../lib/log.ts';
import { type Config } from '../../config/schema.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type ServiceMetrics } from '../metrics.ts';
import { createEffects, type EffectDependencies } from './create-effects.ts';
import { createCensus } from './delivery/census.ts';
import { createDeliveries, type Deliveries } from './delivery/deliveries.ts';

export interface ConfiguredDeliveriesDependencies extends EffectDependencies {
  readonly datastores: Pick<Datastores, 'campaigns' | 'markets' | 'deliveries' | 'locks'>;
  readonly clock: () => Date;
  readonly Log: Log;
  readonly metrics: ServiceMetrics;
}

/** How long a circuit stays open at first; each probe in vain makes it longer. */
const CIRCUIT_OPEN_MS = 1_000;

/** Makes the deliveries to the targets that are configured, with their metrics. */
export function createConfiguredDeliveries(config: Config, dependencies: ConfiguredDeliveriesDependencies): Deliveries {
  const { leaseSeconds, circuitFailures, circuitMaxOpenMs, ...options } = config.deliveries;
  const { datastores, clock, Log, metrics } = dependencies;
  const effects = createEffects(config, dependencies);
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
