import { describe, expect, it } from '@jest/globals';
import { createDeliveryMetrics } from '../../app/delivery-metrics.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { countDelivered, countWaiting, readTally } from './tally.ts';

describe('the tally of deliveries', () => {
  it('counts by effect what was delivered, of the targets that are switched on, and what was in vain', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    metrics.counter({ name: 'changes_recorded_total', help: 'Changes.' }).inc(9);
    const { deliveries } = createDeliveryMetrics(metrics);
    deliveries.ofEffect('kinesisCampaign').attempted('delivered', 7);
    deliveries.ofEffect('kinesisCampaign').attempted('retried', 2);
    deliveries.ofEffect('sqsDataPipeline').attempted('dead', 1);
    deliveries.ofEffect('fastlyPurge').attempted('delivered', 5);
    const services = {
      deliveries: { isEnabled: (effect: string) => effect !== 'fastlyPurge', circuitOf: () => undefined },
    };
    expect(await readTally({ metrics, services })).toEqual({
      recorded: 9,
      delivered: { kinesisCampaign: 7, sqsDataPipeline: 0 },
      failed: 3,
    });
  });

  it('says how many changes every effect has delivered, and how many the last one has to', () => {
    const tally = { recorded: 10, delivered: { kinesisCampaign: 8, fastlyPurge: 4 }, failed: 0 };
    expect(countDelivered(tally)).toBe(4);
    expect(countWaiting(tally)).toBe(6);
    expect(countWaiting(tally, 5)).toBe(11);
  });

  it('has nothing that waits where there is no target', () => {
    const tally = { recorded: 10, delivered: {}, failed: 0 };
    expect(countDelivered(tally)).toBe(10);
    expect(countWaiting(tally)).toBe(0);
  });
});
