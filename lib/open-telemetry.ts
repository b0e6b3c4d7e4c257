import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resources } from '@opentelemetry/sdk-node';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { toErrorName } from './error-name.ts';
import { type TraceHeaders, type Tracing, type TracingOptions } from './spans.ts';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };
/** An export is tried again within this time. A shutdown waits for the last one. */
const EXPORT_TIMEOUT_MS = 2000;
const CORRELATION = 'correlation';

/** What runs inside a span carries. */
interface Scope {
  readonly context: Context;
  readonly span: Span;
  correlation: string | undefined;
}

/** Tracing on OpenTelemetry's tracer, with a context of our own: this file alone loads the libraries. */
export function createOpenTelemetry(options: TracingOptions): Tracing {
  const provider = createProvider(options);
  const tracer = provider.getTracer(options.serviceName);
  const scopes = new AsyncLocalStorage<Scope>();

  const runIn = async <T>(scope: Scope, work: () => Promise<T>): Promise<T> => {
    try {
      return await scopes.run(scope, work);
    } catch (error) {
      scope.span.setStatus({ code: SpanStatusCode.ERROR, message: toErrorName(error) });
      throw error;
    } finally {
      scope.span.end();
    }
  };

  return {
    withRootSpan({ name, kind = 'internal', headers = {}, attributes = {} }, work) {
      const parent = selectParent(headers);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, parent);
      return runIn({ context: trace.setSpan(parent, span), span, correlation: undefined }, () => work(span));
    },
    withSpan(name, work) {
      const around = scopes.getStore();
      if (around === undefined) return work();
      const { correlation, context } = around;
      const span = tracer.startSpan(name, { attributes: correlation === undefined ? {} : { correlation } }, context);
      return runIn({ context: trace.setSpan(context, span), span, correlation }, work);
    },
    setCorrelation(correlation) {
      const scope = scopes.getStore();
      if (scope === undefined) return;
      scope.correlation = correlation;
      scope.span.setAttribute(CORRELATION, correlation);
    },
    selectTraceparent() {
      const spanContext = scopes.getStore()?.span.spanContext();
      if (spanContext === undefined) return undefined;
      const { traceId, spanId, traceFlags } = spanContext;
      return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    },
    shutdown: () => provider.shutdown().catch(() => undefined),
  };
}

function createProvider({ endpoint, exporter, serviceName, sampleRatio }: TracingOptions) {
  return new BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      exporter === undefined
        ? new BatchSpanProcessor(createCollectorExporter(endpoint as string))
        : new SimpleSpanProcessor(exporter),
    ],
  });
}

function createCollectorExporter(endpoint: string): OTLPTraceExporter {
  return new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS });
}

/** The caller's span (W3C Trace Context), or none when the headers are ill-formed. */
function selectParent({ traceparent, tracestate }: TraceHeaders): Context {
  const [, version, traceId, spanId, flags, rest] =
    typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent) ?? []) : [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return ROOT_CONTEXT;
  // Version ff is forbidden, and version 00 ends with its flags.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return ROOT_CONTEXT;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  });
}
