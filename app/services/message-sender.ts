import { type DeliveryFailure } from '../hooks/effect.ts';

/** A message about one change, as it is sent. */
export interface OutgoingMessage {
  readonly changeId: string;
  /** The campaign, by which streams are partitioned and queues are grouped. */
  readonly campaignId: string;
  /** JSON. */
  readonly body: string;
  /** What stands beside the body, where the target has a place for it. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A stream, a queue, or what takes its place. */
export interface MessageSender {
  /** Sends messages, of which no two are of one document. Gives what failed, by change id; throws when nothing was sent. */
  send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<ReadonlyMap<string, DeliveryFailure>>;
}

/** Why a target did not take a change. The message names the target and its reason, for an operator; no secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
}

/** A failure that no repetition helps. */
export function refuse(message: string): DeliveryFailure {
  return { error: new DeliveryError(message), isFinal: true };
}
