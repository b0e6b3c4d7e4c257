import { type Tracing, type TracingOptions } from './spans.ts';

export type * from './spans.ts';

/**
 * Starts tracing, or gives null without an endpoint or exporter: OpenTelemetry is loaded only when it is needed (it
 * doubles the time to start). Nothing global is registered.
 */
export async function createTracing(options: TracingOptions): Promise<Tracing | null> {
  if (options.endpoint === undefined && options.exporter === undefined) return null;
  const { createOpenTelemetry } = await import('./open-telemetry.ts');
  return createOpenTelemetry(options);
}
