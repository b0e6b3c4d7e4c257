import { type Logger } from '../../../lib/log.ts';
import { type EffectName } from '../../datastore/changes.ts';
import { type DeliveriesDatastore, type DeliverySummary } from '../../datastore/deliveries.ts';

/** Counts what is to be delivered, for metrics: not at each scrape, and the rarer the longer counting takes. */
export interface Census {
  /** What was counted last. The first answer is waited for; later ones are refreshed behind the caller's back. */
  read(): Promise<ReadonlyMap<EffectName, DeliverySummary>>;
}

const MIN_INTERVAL_MS = 15_000;
/** Counting takes at most this share of the time. */
const MAX_SHARE = 0.05;

/** Makes the census of these effects. When the database is away the last numbers stand. */
export function createCensus({
  effects,
  deliveries,
  clock,
  log,
}: {
  readonly effects: readonly EffectName[];
  readonly deliveries: Pick<DeliveriesDatastore, 'summarize'>;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'warn'>;
}): Census {
  let counted: ReadonlyMap<EffectName, DeliverySummary> = new Map();
  let counting: Promise<void> | undefined;
  let nextAt = 0;

  const count = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const summaries = new Map<EffectName, DeliverySummary>();
      for (const effect of effects) summaries.set(effect, await deliveries.summarize(effect, clock()));
      counted = summaries;
    } catch (error) {
      log.warn('deliveries.notCounted', { error });
    }
    const endedAt = performance.now();
    nextAt = endedAt + Math.max(MIN_INTERVAL_MS, (endedAt - startedAt) / MAX_SHARE);
    counting = undefined;
  };

  return {
    async read() {
      if (performance.now() >= nextAt) counting ??= count();
      if (counted.size === 0) await counting;
      return counted;
    },
  };
}
