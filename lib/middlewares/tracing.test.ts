import { afterEach, describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';
import { createTracing, type Tracing } from '../tracing.ts';

describe('the tracing of requests', () => {
  let server: TestPipeline;
  afterEach(() => server.close());

  it('makes one server span per request, by route, with the correlation id on it and on its children', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = (await createTracing({ exporter, serviceName: 'test', sampleRatio: 1 })) as Tracing;
    server = await servePipeline(
      async ({ path, state }) => {
        if (path === '/unmatched') throw new Error('no');
        state.routePattern = '/things/:id';
        await tracing.withSpan('datastore.things.findById', async () => undefined);
        state.reply = { data: 1 };
      },
      { tracing },
    );
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await (await fetch(`${server.url}/things/1`, { headers: { traceparent, 'x-correlation-id': 'c-1' } })).text();
    await (await fetch(`${server.url}/unmatched`)).text();
    await new Promise(resolve => setTimeout(resolve, 10));
    const [child, root, failed] = exporter.getFinishedSpans();
    expect(root?.name).toBe('GET /things/:id');
    expect(root?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(root?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/things/:id',
      correlation: 'c-1',
    });
    expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(child?.attributes).toEqual({ correlation: 'c-1' });
    expect(failed?.name).toBe('GET');
    expect(failed?.status.code).toBe(SpanStatusCode.ERROR);
    await tracing.shutdown();
  });
});
