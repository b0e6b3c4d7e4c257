import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

describe('the trace of a request over the channel', () => {
  const exporter = new InMemorySpanExporter();
  let test: TestApp;
  let campaignId: string;
  let client: ChannelClient;
  beforeAll(async () => {
    test = await startTestApp({ exporter, time: 'real' });
    ({ _id: campaignId } = await createCampaign(test.client));
    client = await connectChannel(test.url, createSupremeToken());
    await client.ask('campaign:state', { campaignId });
  });
  afterAll(async () => {
    client.close();
    await test.stop();
  });
  beforeEach(() => exporter.reset());

  /** Waits for the span of a name, and gives it with the others of its trace. */
  const find = async (name: string): Promise<{ span: ReadableSpan; others: readonly ReadableSpan[] }> => {
    const spans = await until(
      () => exporter.getFinishedSpans(),
      finished => finished.some(span => span.name === name),
    );
    const span = spans.find(one => one.name === name) as ReadableSpan;
    const { traceId } = span.spanContext();
    return { span, others: spans.filter(one => one !== span && one.spanContext().traceId === traceId) };
  };

  it('says what was asked of which campaign, and what came of it, and holds the append to the journal', async () => {
    await client.ask('campaign:update', { campaignId, updates: { title: 'One' } }, { eventId: 'event-1' });
    const { span, others } = await find('campaign:update:v1');
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toEqual({
      'event.type': 'campaign:update:v1:requested',
      'campaign.id': campaignId,
      'event.outcome': 'success',
      correlation: 'event-1',
    });
    const append = others.find(({ name }) => name === 'datastore.stateJournal.append');
    expect(append?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
  });

  it('goes on with the one of the sender', async () => {
    const metadata = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, correlation: 'traced' };
    await client.ask('campaign:list', { limit: 1, offset: 0 }, { metadata });
    const { span } = await find('campaign:list:v1');
    expect(span.spanContext().traceId).toBe(TRACE_ID);
    expect(span.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(span.attributes).toMatchObject({ correlation: 'traced' });
  });

  it('goes on with the one of the event that emitted it', async () => {
    await client.ask('nexus:emit', { type: 'campaign:health:v1:requested', eventId: 'event-2', payload: {} });
    const { span, others } = await find('nexus:emit:v1');
    const inner = others.find(({ name }) => name === 'campaign:health:v1');
    expect(inner?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
  });

  it('names what it failed of, which is no fault of ours', async () => {
    await client.ask('campaign:update', { campaignId, updates: {}, expectedVersion: 99 });
    const { span } = await find('campaign:update:v1');
    expect(span.attributes).toMatchObject({ 'event.outcome': 'VERSION_MISMATCH', 'campaign.id': campaignId });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('names nothing that a client made up', async () => {
    const metadata = { campaign: { campaignId: 'made-up' }, traceparent: 'nonsense' };
    await client.ask('campaign:madeup', { madeup: true }, { metadata });
    const { span } = await find('event');
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toMatchObject({ 'event.outcome': 'EVENT_TYPE_UNKNOWN' });
    expect(JSON.stringify([span.name, span.attributes])).not.toMatch(/made-?up/);
  });
});
