import { describe, expect, it } from '@jest/globals';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  it('count and time requests by method, route and status', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    for (const status of [200, 200, 404]) {
      metrics.http.requestStarted();
      metrics.http.requestFinished('GET', '/campaigns/:campaignId', status, 0.003);
    }
    const { text, type } = await metrics.scrape();
    expect(type).toContain('text/plain');
    const labels = 'method="GET",route="/campaigns/:campaignId"';
    expect(text).toContain(`http_request_duration_seconds_count{${labels},status="200"} 2`);
    expect(text).toContain(`http_request_duration_seconds_count{${labels},status="404"} 1`);
    expect(text).toContain(`http_request_duration_seconds_bucket{le="0.0025",${labels},status="200"} 0`);
    expect(text).toContain(`http_request_duration_seconds_bucket{le="0.005",${labels},status="200"} 2`);
  });

  it('know how many requests are in flight', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    metrics.http.requestStarted();
    metrics.http.requestStarted();
    metrics.http.requestFinished('GET', '/x', 200, 0.1);
    expect((await metrics.scrape()).text).toContain('http_requests_in_flight 1');
  });

  it('take unknown methods together', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    metrics.http.requestFinished('PROPFIND', 'unmatched', 404, 0.1);
    expect((await metrics.scrape()).text).toContain('method="OTHER"');
  });

  it('belong to one app: two in a process do not meet', async () => {
    const [first, second] = [createMetrics(), createMetrics()];
    first.counter({ name: 'things_total', help: 'Things.' }).inc();
    second.counter({ name: 'things_total', help: 'Things.' }).inc(5);
    expect((await first.scrape()).text).toContain('things_total 1');
    expect((await first.scrape()).text).toContain('nodejs_eventloop_lag');
  });

  it('read a gauge at each scrape when it says how', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    let value = 1;
    metrics.gauge({ name: 'pending', help: 'Pending.', labels: ['effect'] }, gauge =>
      gauge.set({ effect: 'x' }, value),
    );
    expect((await metrics.scrape()).text).toContain('pending{effect="x"} 1');
    value = 2;
    expect((await metrics.scrape()).text).toContain('pending{effect="x"} 2');
  });
});
