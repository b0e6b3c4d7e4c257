import { describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { instrument } from './instrument.ts';
import { createMetrics } from './metrics.ts';
import { createTracing } from './tracing.ts';

function createHistogram() {
  const metrics = createMetrics({ isProcessMeasured: false });
  const histogram = metrics.histogram({ name: 'op_seconds', help: 'Operations.', labels: ['operation', 'outcome'] });
  return { histogram, scrape: async () => (await metrics.scrape()).text };
}

const target = {
  kind: 'store' as const,
  async find(id: string): Promise<string> {
    return `${this.kind} ${id}`;
  },
  async fail(): Promise<never> {
    throw new Error('no');
  },
  size: () => 3,
};

describe('instrument', () => {
  it('counts calls by operation and outcome, and changes neither results nor failures', async () => {
    const { histogram, scrape } = createHistogram();
    const measured = instrument(target, 'datastore.things', { tracing: null, histogram });
    await expect(measured.find('a')).resolves.toBe('store a');
    await expect(measured.find('b')).resolves.toBe('store b');
    await expect(measured.fail()).rejects.toThrow('no');
    expect(measured.size()).toBe(3);
    expect(measured.kind).toBe('store');
    const text = await scrape();
    expect(text).toContain('op_seconds_count{operation="datastore.things.find",outcome="success"} 2');
    expect(text).toContain('op_seconds_count{operation="datastore.things.fail",outcome="failure"} 1');
  });

  it('makes each call a child span while tracing is on', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = await createTracing({ exporter, serviceName: 'test', sampleRatio: 1 });
    const measured = instrument(target, 'datastore.things', { tracing, histogram: createHistogram().histogram });
    await tracing?.withRootSpan({ name: 'root' }, () => measured.find('a'));
    const [child, root] = exporter.getFinishedSpans();
    expect(child?.name).toBe('datastore.things.find');
    expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    await tracing?.shutdown();
  });
});
