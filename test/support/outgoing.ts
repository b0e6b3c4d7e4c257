import { createId } from '../../lib/ids.ts';
import { type OutgoingMessage } from '../../app/services/message-sender.ts';

/** Gives a message that says nothing but its change. */
export function buildMessage(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const changeId = fields.changeId ?? `change-${createId()}`;
  return {
    changeId,
    campaignId: createId(),
    body: JSON.stringify({ changeId }),
    attributes: { correlation: 'test' },
    ...fields,
  };
}
