import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';
import { until } from '../support/until.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

describe('the trace of a request', () => {
  const exporter = new InMemorySpanExporter();
  let test: TestApp;
  let campaign: Campaign;
  beforeAll(async () => {
    // Nothing is remembered, so that each read asks the database.
    test = await startTestApp({ exporter, variables: { CAMPAIGN_CACHE_TTL_MS: '0' } });
    campaign = await createCampaign(test.client);
  });
  afterAll(() => test.stop());
  beforeEach(() => exporter.reset());

  /** Sends a request and gives its spans, the root's first, once that has ended. */
  const trace = async (path: string, headers: Record<string, string> = {}): Promise<readonly ReadableSpan[]> => {
    await test.client.get(path, { headers });
    const spans = await until(
      () => exporter.getFinishedSpans(),
      finished => finished.some(({ name }) => name.startsWith('GET')),
    );
    return [...spans].reverse();
  };

  it("continues the caller's, and holds a span for each call of a datastore", async () => {
    const [root, ...children] = await trace(`/campaigns/${campaign._id}`, {
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`,
      'x-correlation-id': 'traced',
    });
    expect(root?.name).toBe('GET /campaigns/:campaignId');
    expect(root?.spanContext().traceId).toBe(TRACE_ID);
    expect(root?.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(root?.attributes).toMatchObject({
      'http.route': '/campaigns/:campaignId',
      'http.response.status_code': 200,
      correlation: 'traced',
    });
    const found = children.find(({ name }) => name === 'datastore.campaigns.findById');
    expect(found?.spanContext().traceId).toBe(TRACE_ID);
    expect(found?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(found?.attributes).toMatchObject({ correlation: 'traced' });
  });

  it.each(['nonsense', `00-${'0'.repeat(32)}-${PARENT_ID}-01`, `ff-${TRACE_ID}-${PARENT_ID}-01`])(
    'begins anew when the caller sends %s',
    async traceparent => {
      const [root] = await trace(`/campaigns/${campaign._id}`, { traceparent });
      expect(root?.spanContext().traceId).not.toBe(TRACE_ID);
      expect(root?.parentSpanContext).toBeUndefined();
    },
  );

  it('is not kept when the caller does not keep it', async () => {
    await test.client.get('/campaigns/list', { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } });
    const [root, ...others] = await trace('/health/live');
    expect([root?.name, others]).toEqual(['GET /health/live', []]);
  });

  it('names no path that a client chose', async () => {
    const [root] = await trace('/nowhere/secret-path');
    expect(root?.name).toBe('GET');
    expect(JSON.stringify(root?.attributes)).not.toContain('secret-path');
  });
});
