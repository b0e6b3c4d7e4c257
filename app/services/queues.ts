import { type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { type DeliveryFailure } from '../hooks/effect.ts';
import { describeAwsError } from './aws.ts';
import { DeliveryError, type MessageSender, type OutgoingMessage, refuse } from './message-sender.ts';
import { type BatchItem, sendBatches, splitIntoBatches } from './send-batches.ts';

/** What one SendMessageBatch takes. SQS allows 1 MiB by now; queues that were made before keep their 256 KiB. */
const QUEUE_LIMITS = { maxCount: 10, maxBytes: 256 * 1024 } as const;

interface QueueEntry extends BatchItem {
  readonly entry: SendMessageBatchRequestEntry;
}

/**
 * Gives the sender of an SQS queue, standard or FIFO (by its URL). In a FIFO queue the campaign is the group, and the
 * change id keeps a message that comes again within five minutes from being there twice. What SQS calls the sender's
 * fault fails for good.
 */
export function createQueue({
  queueUrl,
  connect,
}: {
  readonly queueUrl: string;
  readonly connect: () => Promise<SQSClient>;
}): MessageSender {
  const name = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
  const isFifo = queueUrl.endsWith('.fifo');

  const sendBatch = async (
    batch: readonly QueueEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DeliveryFailure>> => {
    const { SendMessageBatchCommand } = await import('@aws-sdk/client-sqs');
    const client = await connect();
    // An entry's id is its place in the batch, by which the answer names it.
    const Entries = batch.map(({ entry }, at) => ({ ...entry, Id: String(at) }));
    try {
      const { Successful = [], Failed = [] } = await client.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        { abortSignal: signal },
      );
      const taken = new Set(Successful.map(({ Id }) => Id));
      const refused = new Map(Failed.map(entry => [entry.Id, entry]));
      const failures = new Map<string, DeliveryFailure>();
      batch.forEach(({ changeId }, at) => {
        if (taken.has(String(at))) return;
        const { Code = 'no answer', Message = '', SenderFault = false } = refused.get(String(at)) ?? {};
        const error = new DeliveryError(`The queue ${name} refused: ${Code} ${Message}`);
        failures.set(changeId, { error, isFinal: SenderFault });
      });
      return failures;
    } catch (error) {
      throw new DeliveryError(`The queue ${name} takes nothing: ${describeAwsError(error)}`, { cause: error });
    }
  };

  return {
    async send(messages, signal) {
      const tooLarge = new Map<string, DeliveryFailure>();
      const entries: QueueEntry[] = [];
      for (const message of messages) {
        const { changeId } = message;
        const sizeBytes = measureBytes(message);
        if (sizeBytes <= QUEUE_LIMITS.maxBytes) {
          entries.push({ changeId, sizeBytes, entry: toEntry(message, isFifo) });
        } else {
          tooLarge.set(
            changeId,
            refuse(`A message of ${name} holds ${QUEUE_LIMITS.maxBytes} bytes, not ${sizeBytes}.`),
          );
        }
      }
      const failures = await sendBatches(splitIntoBatches(entries, QUEUE_LIMITS), batch => sendBatch(batch, signal));
      return new Map([...failures, ...tooLarge]);
    },
  };
}

const DATA_TYPE = 'String';

function toEntry(
  { changeId, campaignId, body, attributes }: OutgoingMessage,
  isFifo: boolean,
): SendMessageBatchRequestEntry {
  return {
    Id: changeId,
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      // SQS refuses an attribute without a value.
      Object.entries(attributes).flatMap(([name, StringValue]) =>
        StringValue === '' ? [] : [[name, { DataType: DATA_TYPE, StringValue }]],
      ),
    ),
    ...(isFifo && { MessageGroupId: campaignId, MessageDeduplicationId: changeId }),
  };
}

/** What counts against the limit: the body, and each attribute's name, type and value. */
function measureBytes({ body, attributes }: OutgoingMessage): number {
  let sizeBytes = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes)) {
    sizeBytes += Buffer.byteLength(name) + DATA_TYPE.length + Buffer.byteLength(value);
  }
  return sizeBytes;
}
