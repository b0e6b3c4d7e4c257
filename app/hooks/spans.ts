import { type Tracing } from '../../lib/spans.ts';
import { type ChangeRecord, type EffectName } from '../datastore/changes.ts';

/**
 * Runs a delivery in a span of its own, and gives it the W3C header by which receivers continue the trace; undefined
 * where nothing is traced. The span names the correlation when all changes have the same.
 */
export async function withDeliverySpan<T>(
  tracing: Tracing | null,
  {
    span,
    effect,
    changes,
  }: { readonly span: string; readonly effect: EffectName; readonly changes: readonly ChangeRecord[] },
  deliver: (traceparent: string | undefined) => Promise<T>,
): Promise<T> {
  if (tracing === null) return deliver(undefined);
  const attributes = { effect, 'messaging.batch.message_count': changes.length };
  return tracing.withRootSpan({ name: span, attributes }, () => {
    const [correlation, ...others] = new Set(changes.map(change => change.correlation));
    if (correlation !== undefined && others.length === 0) tracing.setCorrelation(correlation);
    return deliver(tracing.selectTraceparent());
  });
}
