import { type Tracing } from '../../lib/spans.ts';
import { type EffectName } from '../datastore/changes.ts';
import { type MessageSender } from '../services/message-sender.ts';
import { type Effect } from './effect.ts';
import { type MessageMaker } from './messages.ts';
import { withDeliverySpan } from './spans.ts';

/** How an effect is tried; the same for all targets that are services of others. */
export const patience = {
  // A target may be away for a day: the waits grow to 30 minutes, a quarter of an hour on average.
  attempts: 110,
  backoff: { baseMs: 200, maxMs: 30 * 60 * 1000 },
} as const;

/** Makes the effect that sends a message for each change. */
export function createMessageEffect({
  name,
  span,
  batchSize,
  makeMessages,
  sender,
  tracing,
}: {
  readonly name: EffectName;
  /** The span around a delivery, such as `hook.kinesis`. */
  readonly span: string;
  readonly batchSize: number;
  readonly makeMessages: MessageMaker;
  readonly sender: MessageSender;
  readonly tracing: Tracing | null;
}): Effect {
  return {
    name,
    batchSize,
    ...patience,
    perform: (changes, signal) =>
      withDeliverySpan(tracing, { span, effect: name, changes }, async traceparent => {
        signal.throwIfAborted();
        return sender.send(await makeMessages(changes, traceparent), signal);
      }),
  };
}
