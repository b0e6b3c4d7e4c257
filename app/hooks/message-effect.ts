import { type Tracing } from '../../lib/spans.ts';
import { type EffectName } from '../datastore/changes.ts';
import { type MessageSender } from '../services/message-sender.ts';
import { type Effect } from './effect.ts';
import { type MessageMaker } from './messages.ts';
import { withDeliverySpan } from './spans.ts';

/** How often an effect is tried, and with which waits in between. */
export type Patience = Pick<Effect, 'attempts' | 'backoff'>;

/** Makes the effect that sends a message for each change. */
export function createMessageEffect({
  name,
  span,
  batchSize,
  makeMessages,
  sender,
  patience,
  tracing,
}: {
  readonly name: EffectName;
  /** The span around a delivery, such as `hook.kinesis`. */
  readonly span: string;
  readonly batchSize: number;
  readonly makeMessages: MessageMaker;
  readonly sender: MessageSender;
  readonly patience: Patience;
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
