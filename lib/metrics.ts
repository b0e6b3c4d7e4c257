import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the HTTP pipeline tells. */
export interface HttpMetrics {
  requestStarted(): void;
  /** `route` is a pattern, never a path. */
  requestFinished(method: string, route: string, status: number, durationSeconds: number): void;
}

export interface MetricSpec<L extends string> {
  readonly name: string;
  readonly help: string;
  /** Few and bounded: never an id. */
  readonly labels?: readonly L[];
}

type CollectGauge<L extends string> = (gauge: Gauge<L>) => void | Promise<void>;
type CollectCounter<L extends string> = (counter: Counter<L>) => void;

/** The metrics of one app: a registry of its own, so that two apps of one process do not meet. */
export interface Metrics {
  readonly registry: Registry;
  readonly http: HttpMetrics;
  /** `collect` is called at each scrape, to read a count that is kept elsewhere. */
  counter<L extends string>(spec: MetricSpec<L>, collect?: CollectCounter<L>): Counter<L>;
  /** `collect` is called at each scrape, to read a value that lies elsewhere. */
  gauge<L extends string>(spec: MetricSpec<L>, collect?: CollectGauge<L>): Gauge<L>;
  /** `buckets` are upper bounds, in seconds for durations. */
  histogram<L extends string>(spec: MetricSpec<L> & { readonly buckets?: readonly number[] }): Histogram<L>;
  /** The text of a scrape, and its media type. */
  scrape(): Promise<{ text: string; type: string }>;
}

/** From half a millisecond, where a cached read lies, to the deadline of a request. */
const DURATION_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OTHER_METHOD = 'OTHER';

/** Creates the registry with the HTTP metrics and, unless told otherwise, those of the process (memory, event-loop lag, …). */
export function createMetrics({ isProcessMeasured = true }: { readonly isProcessMeasured?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (isProcessMeasured) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const metrics: Omit<Metrics, 'http'> = {
    registry,
    counter: <L extends string>({ name, help, labels = [] }: MetricSpec<L>, collect?: CollectCounter<L>) => {
      const counter: Counter<L> = new Counter({
        name,
        help,
        labelNames: [...labels],
        registers,
        ...(collect && { collect: () => collect(counter) }),
      });
      return counter;
    },
    gauge: <L extends string>({ name, help, labels = [] }: MetricSpec<L>, collect?: CollectGauge<L>) => {
      const gauge: Gauge<L> = new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers,
        ...(collect && { collect: () => collect(gauge) }),
      });
      return gauge;
    },
    histogram: ({ name, help, labels = [], buckets = DURATION_BUCKETS_SECONDS }) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
    scrape: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  };
  return { ...metrics, http: createHttpMetrics(metrics) };
}

function createHttpMetrics(metrics: Omit<Metrics, 'http'>): HttpMetrics {
  const durations = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests by method, route pattern and status.',
    labels: ['method', 'route', 'status'],
  });
  // Looking a child up by its labels costs more than observing it, so each is looked up once.
  const children = new Map<string, Map<number, Histogram.Internal<string>>>();
  let inFlightCount = 0;
  metrics.gauge({ name: 'http_requests_in_flight', help: 'HTTP requests that are being answered.' }, gauge => {
    gauge.set(inFlightCount);
  });
  return {
    requestStarted() {
      inFlightCount += 1;
    },
    requestFinished(method, route, status, durationSeconds) {
      inFlightCount -= 1;
      const knownMethod = KNOWN_METHODS.has(method) ? method : OTHER_METHOD;
      const key = `${knownMethod} ${route}`;
      let byStatus = children.get(key);
      if (byStatus === undefined) children.set(key, (byStatus = new Map<number, Histogram.Internal<string>>()));
      let child = byStatus.get(status);
      if (child === undefined) byStatus.set(status, (child = durations.labels(knownMethod, route, String(status))));
      child.observe(durationSeconds);
    },
  };
}
