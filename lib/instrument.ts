import { type Histogram } from 'prom-client';
import { type Tracing } from './tracing.ts';

export interface InstrumentOptions {
  /** Null when tracing is off. */
  readonly tracing: Tracing | null;
  /** Seconds, by operation and outcome. */
  readonly histogram: Histogram<'operation' | 'outcome'>;
}

type AsyncFunction = (...args: unknown[]) => unknown;

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | null)?.then === 'function';
}

function wrap(
  target: object,
  original: AsyncFunction,
  name: string,
  { tracing, histogram }: InstrumentOptions,
): AsyncFunction {
  // Children are looked up once: to find one by its labels costs more than to count.
  const succeeded = histogram.labels({ operation: name, outcome: 'success' });
  const failed = histogram.labels({ operation: name, outcome: 'failure' });
  const measured: AsyncFunction = (...args) => {
    const startedAt = performance.now();
    const result = original.apply(target, args);
    if (!isThenable(result)) return result;
    const observe = (child: typeof succeeded) => (): void => child.observe((performance.now() - startedAt) / 1000);
    result.then(observe(succeeded), observe(failed));
    return result;
  };
  return tracing === null ? measured : (...args) => tracing.withSpan(name, async () => measured(...args));
}

/**
 * Wraps the asynchronous functions of an object: each call is timed and, while tracing is on, is a span of the name
 * `<prefix>.<function>`. What is no function is handed through.
 */
export function instrument<T extends object>(target: T, prefix: string, options: InstrumentOptions): T {
  return Object.fromEntries(
    Object.entries(target).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'function' ? wrap(target, value as AsyncFunction, `${prefix}.${name}`, options) : value,
    ]),
  ) as T;
}
