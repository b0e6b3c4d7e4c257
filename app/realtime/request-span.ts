import { type ServiceError } from '../../lib/errors.ts';
import { isId } from '../../lib/ids.ts';
import { type Tracing } from '../../lib/spans.ts';
import { type Envelope, formatEventName, type RequestEnvelope } from './envelope.ts';

/** The answer to a request, and what it failed of. */
export interface Outcome {
  readonly answer: Envelope;
  readonly error?: ServiceError;
}

/** `SpanStatusCode.ERROR`, written out so that nothing of OpenTelemetry is loaded while tracing is off. */
const SPAN_STATUS_ERROR = 2;

/**
 * Carries out a request in a span of its own: part of the trace that its `metadata.traceparent` names, else of the one
 * that is running, else the first of a new one. Where nothing is traced it is just carried out.
 */
export function withRequestSpan(
  tracing: Tracing | null,
  { envelope, isKnown }: { readonly envelope: RequestEnvelope; readonly isKnown: boolean },
  carryOut: () => Promise<Outcome>,
): Promise<Outcome> {
  if (tracing === null) return carryOut();
  const { correlation, traceparent = tracing.selectTraceparent() } = envelope.metadata;
  // What a stranger makes up is the name of nothing.
  const name = isKnown ? formatEventName(envelope.name) : 'event';
  return tracing.withRootSpan({ name, kind: 'server', headers: { traceparent } }, async span => {
    if (correlation !== undefined) tracing.setCorrelation(correlation);
    const outcome = await carryOut();
    const { campaign } = outcome.answer.metadata;
    if (isKnown) span.setAttribute('event.type', envelope.type);
    // Of a request that was not admitted it is whatever its sender wrote.
    if (isKnown && campaign !== undefined && isId(campaign.campaignId))
      span.setAttribute('campaign.id', campaign.campaignId);
    span.setAttribute('event.outcome', outcome.error?.type ?? 'success');
    if (outcome.error?.reportable === true) span.setStatus({ code: SPAN_STATUS_ERROR });
    return outcome;
  });
}
