import { redactText } from '../../../lib/redact.ts';
import { selectPauseMs } from '../../../lib/retry.ts';
import { type DeliveryFailure, type Effect } from '../effect.ts';

/** How much of an error is kept with a delivery. */
const MAX_ERROR_LENGTH = 500;

/** What is kept of an error: what looks like a secret is replaced, and a long text is cut. */
export function formatLastError({ name, message }: Error): string {
  const text = redactText(`${name}: ${message}`);
  return text.length > MAX_ERROR_LENGTH ? `${text.slice(0, MAX_ERROR_LENGTH - 1)}…` : text;
}

/** Whether a failure ends the delivery, this having been the n-th attempt. */
export function isDead(
  { isFinal = false }: DeliveryFailure,
  attempts: number,
  effect: Pick<Effect, 'attempts'>,
): boolean {
  return isFinal || attempts >= effect.attempts;
}

/** How long to wait after the n-th attempt, in milliseconds: full jitter, and no less than the target asks for. */
export function selectWaitMs(
  { retryAfterMs = 0 }: DeliveryFailure,
  attempts: number,
  { backoff }: Pick<Effect, 'backoff'>,
): number {
  // A target that asks for a day is tried again within an hour all the same.
  return Math.max(selectPauseMs(Math.max(attempts, 1), backoff), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/** None of a batch was delivered, and none because of itself: the target fails. */
export class BatchFailedError extends Error {
  override readonly name = 'BatchFailedError';
  readonly failures: ReadonlyMap<string, DeliveryFailure>;

  constructor(failures: ReadonlyMap<string, DeliveryFailure>) {
    super('Nothing of the batch was delivered.');
    this.failures = failures;
  }
}
