import { type Attributes, type Span } from '@opentelemetry/api';
import { type SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface TracingOptions {
  /** The base address of an OTLP/HTTP collector, without `/v1/traces`. */
  readonly endpoint?: string | undefined;
  /** Where spans go instead of a collector; they are exported one by one as they end. */
  readonly exporter?: SpanExporter;
  readonly serviceName: string;
  /** The share of new traces that is kept, 0 to 1. A trace that the caller began is kept when the caller keeps it. */
  readonly sampleRatio: number;
}

/** What came with a message or a request. */
export interface TraceHeaders {
  readonly traceparent?: string | string[] | undefined;
  readonly tracestate?: string | string[] | undefined;
}

export interface RootSpanOptions {
  readonly name: string;
  readonly kind?: 'server' | 'consumer' | 'internal';
  readonly headers?: TraceHeaders;
  readonly attributes?: Attributes;
}

/** Hand-made spans: one per request or message, and children where a layer is composed. */
export interface Tracing {
  /** Runs `work` in a new root span, which continues the caller's trace when its W3C headers say so. */
  withRootSpan<T>(options: RootSpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Runs `work` in a child of the span around it; just runs it when there is none. */
  withSpan<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Names the correlation id of the trace that is running: it becomes an attribute of its spans from here on. */
  setCorrelation(correlation: string): void;
  /** The W3C header that lets a receiver continue the running trace. */
  selectTraceparent(): string | undefined;
  /** Exports what is left. Never rejects: a collector that is down must not hold up a shutdown. */
  shutdown(): Promise<void>;
}
