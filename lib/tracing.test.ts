import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { createTracing, type Tracing } from './tracing.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

describe('tracing', () => {
  let exporter: InMemorySpanExporter;
  let tracing: Tracing;

  async function start(sampleRatio: number): Promise<void> {
    exporter = new InMemorySpanExporter();
    tracing = (await createTracing({ exporter, serviceName: 'test-service', sampleRatio })) as Tracing;
  }

  beforeEach(() => start(1));
  afterEach(() => tracing.shutdown());

  it('is off without an endpoint or an exporter', async () => {
    await expect(createTracing({ serviceName: 'x', sampleRatio: 1 })).resolves.toBeNull();
  });

  it('nests child spans in the root, across awaits, each with the correlation id', async () => {
    const result = await tracing.withRootSpan({ name: 'GET', kind: 'server', attributes: { a: 1 } }, async () => {
      tracing.setCorrelation('c-1');
      await new Promise(resolve => setImmediate(resolve));
      return tracing.withSpan('outer', () => tracing.withSpan('inner', async () => 'done'));
    });
    expect(result).toBe('done');
    const [inner, outer, root] = exporter.getFinishedSpans();
    expect([inner?.name, outer?.name, root?.name]).toEqual(['inner', 'outer', 'GET']);
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(outer?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(root?.kind).toBe(SpanKind.SERVER);
    expect(root?.attributes).toEqual({ a: 1, correlation: 'c-1' });
    expect(inner?.attributes).toEqual({ correlation: 'c-1' });
    expect(root?.resource.attributes['service.name']).toBe('test-service');
  });

  it('keeps concurrent traces apart', async () => {
    await Promise.all(
      ['c-1', 'c-2', 'c-3'].map(correlation =>
        tracing.withRootSpan({ name: 'root' }, async () => {
          tracing.setCorrelation(correlation);
          await new Promise(resolve => setImmediate(resolve));
          await tracing.withSpan('child', async () => undefined);
        }),
      ),
    );
    const spans = exporter.getFinishedSpans();
    for (const child of spans.filter(span => span.name === 'child')) {
      const root = spans.find(span => span.spanContext().spanId === child.parentSpanContext?.spanId);
      expect(root?.attributes['correlation']).toBe(child.attributes['correlation']);
    }
    expect(new Set(spans.map(span => span.spanContext().traceId)).size).toBe(3);
  });

  it('marks a span whose work failed, by the name of the error and not by its message', async () => {
    const failing = tracing.withRootSpan({ name: 'root' }, () =>
      tracing.withSpan('child', () => Promise.reject(new TypeError('secret text'))),
    );
    await expect(failing).rejects.toThrow('secret text');
    for (const span of exporter.getFinishedSpans()) {
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' });
    }
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });

  it('just runs the work of a child when nothing is traced around it', async () => {
    await expect(tracing.withSpan('child', async () => 1)).resolves.toBe(1);
    expect(exporter.getFinishedSpans()).toHaveLength(0);
    expect(tracing.selectTraceparent()).toBeUndefined();
  });

  it('continues the trace of a caller and hands it on', async () => {
    let handedOn: string | undefined;
    await tracing.withRootSpan(
      { name: 'root', headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'vendor=1' } },
      async () => {
        handedOn = tracing.selectTraceparent();
      },
    );
    const [root] = exporter.getFinishedSpans();
    expect(root?.spanContext().traceId).toBe(TRACE_ID);
    expect(root?.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(root?.spanContext().traceState?.get('vendor')).toBe('1');
    expect(handedOn).toBe(`00-${TRACE_ID}-${root?.spanContext().spanId}-01`);
  });

  it.each([
    'garbage',
    `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `ff-${TRACE_ID}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${PARENT_ID}-01-more`,
    `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`,
  ])('begins a trace of its own when the header is %s', async traceparent => {
    await tracing.withRootSpan({ name: 'root', headers: { traceparent } }, async () => undefined);
    const [root] = exporter.getFinishedSpans();
    expect(root?.spanContext().traceId).not.toBe(TRACE_ID);
    expect(root?.parentSpanContext).toBeUndefined();
  });

  it('keeps the share of new traces that is asked for, and those that the caller keeps', async () => {
    await start(0);
    await tracing.withRootSpan({ name: 'own' }, async () => undefined);
    await tracing.withRootSpan(
      { name: 'kept', headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } },
      async () => undefined,
    );
    await tracing.withRootSpan(
      { name: 'left', headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } },
      async () => undefined,
    );
    expect(exporter.getFinishedSpans().map(span => span.name)).toEqual(['kept']);
  });

  it('ends quietly when its collector cannot be reached', async () => {
    const unreachable = (await createTracing({
      endpoint: 'http://127.0.0.1:9/',
      serviceName: 'x',
      sampleRatio: 1,
    })) as Tracing;
    await unreachable.withRootSpan({ name: 'root' }, async () => undefined);
    await expect(unreachable.shutdown()).resolves.toBeUndefined();
  });
});
