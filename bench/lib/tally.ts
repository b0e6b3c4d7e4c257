import { type EffectName } from '../../app/datastore/changes.ts';
import { type App } from '../../app/app.ts';
import { type DeliveryTally } from './protocol.ts';

/** The effects of an update that go to other systems. */
export const updateEffects = [
  'kinesisCampaign',
  'sqsDataPipeline',
  'fastlyPurge',
] as const satisfies readonly EffectName[];

/** What of a service tells. */
type AppTally = Pick<App, 'metrics'> & { readonly services: Pick<App['services'], 'deliveries'> };

/** Reads what became of the changes of a service from its metrics. */
export async function readTally({ metrics, services }: AppTally): Promise<DeliveryTally> {
  const read = async (name: string) => (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  const [recorded, attempts] = await Promise.all([read('changes_recorded_total'), read('deliveries_total')]);
  const sum = (values: readonly { readonly value: number }[]): number =>
    values.reduce((total, { value }) => total + value, 0);
  const delivered = attempts.filter(({ labels }) => labels['outcome'] === 'delivered');
  return {
    recorded: sum(recorded),
    delivered: Object.fromEntries(
      updateEffects
        .filter(effect => services.deliveries.isEnabled(effect))
        .map(effect => [effect, sum(delivered.filter(({ labels }) => labels['effect'] === effect))]),
    ),
    failed: sum(attempts) - sum(delivered),
  };
}

/** How many changes all effects have delivered; all that were recorded when there is no effect. */
export const countDelivered = ({ recorded, delivered }: DeliveryTally): number =>
  Math.min(...Object.values(delivered), ...(Object.keys(delivered).length === 0 ? [recorded] : []));

/** How many changes the effect that is furthest behind has still to deliver, `backlog` having been there before. */
export const countWaiting = (tally: DeliveryTally, backlog = 0): number =>
  Object.keys(tally.delivered).length === 0 ? 0 : Math.max(0, tally.recorded + backlog - countDelivered(tally));
