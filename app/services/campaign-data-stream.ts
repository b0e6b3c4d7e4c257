import { type KinesisClient, type PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import { type DeliveryFailure } from '../hooks/effect.ts';
import { describeAwsError } from './aws.ts';
import { DeliveryError, type MessageSender, refuse } from './message-sender.ts';
import { type BatchItem, sendBatches, splitIntoBatches } from './send-batches.ts';

/** What one PutRecords takes, partition keys included. */
export const STREAM_LIMITS = { maxCount: 500, maxBytes: 5 * 1024 * 1024 } as const;
/** What one record holds, its partition key included, unless the stream was set to more. */
const MAX_RECORD_BYTES = 1024 * 1024;

interface StreamRecord extends BatchItem {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
}

/**
 * Gives the sender of a Kinesis stream: the campaign is the partition key, so that what is sent of a campaign in turn is
 * read in turn. A record that is too large fails for good, one that the stream did not take (a shard's rate, a fault of
 * its own) fails alone.
 */
export function createCampaignDataStream({
  stream,
  connect,
}: {
  readonly stream: string;
  readonly connect: () => Promise<KinesisClient>;
}): MessageSender {
  const put = async (
    records: readonly StreamRecord[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DeliveryFailure>> => {
    const { PutRecordsCommand } = await import('@aws-sdk/client-kinesis');
    const client = await connect();
    const command = new PutRecordsCommand({
      StreamName: stream,
      Records: records.map(({ Data, PartitionKey }) => ({ Data, PartitionKey })),
    });
    try {
      const { FailedRecordCount = 0, Records: results = [] } = await client.send(command, { abortSignal: signal });
      if (FailedRecordCount === 0 && results.length === records.length) return new Map();
      return selectFailures(stream, records, results);
    } catch (error) {
      throw new DeliveryError(`The stream ${stream} takes nothing: ${describeAwsError(error)}`, { cause: error });
    }
  };

  return {
    async send(messages, signal) {
      const tooLarge = new Map<string, DeliveryFailure>();
      const records: StreamRecord[] = [];
      for (const { changeId, campaignId, body } of messages) {
        const Data = Buffer.from(body);
        const sizeBytes = Data.length + Buffer.byteLength(campaignId);
        if (sizeBytes <= MAX_RECORD_BYTES) records.push({ changeId, sizeBytes, Data, PartitionKey: campaignId });
        else tooLarge.set(changeId, refuse(`A record of ${stream} holds ${MAX_RECORD_BYTES} bytes, not ${sizeBytes}.`));
      }
      const failures = await sendBatches(splitIntoBatches(records, STREAM_LIMITS), batch => put(batch, signal));
      return new Map([...failures, ...tooLarge]);
    },
  };
}

/** The result of each record stands at its place; one without a sequence number was not taken. */
function selectFailures(
  stream: string,
  records: readonly StreamRecord[],
  results: readonly PutRecordsResultEntry[],
): Map<string, DeliveryFailure> {
  const failures = new Map<string, DeliveryFailure>();
  records.forEach(({ changeId }, at) => {
    const { SequenceNumber, ErrorCode = 'no answer', ErrorMessage = '' } = results[at] ?? {};
    if (SequenceNumber !== undefined && SequenceNumber !== null) return;
    failures.set(changeId, { error: new DeliveryError(`The stream ${stream} refused: ${ErrorCode} ${ErrorMessage}`) });
  });
  return failures;
}
