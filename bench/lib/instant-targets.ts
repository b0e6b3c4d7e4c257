import { createHash } from 'node:crypto';
import { type IncomingMessage, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

const RECEIVE = 'ReceiveMessage';

interface Call {
  readonly Records?: readonly unknown[];
  readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[];
  readonly WaitTimeSeconds?: number;
}

/** Says of a batch for Kinesis or SQS that all of it was taken, as they say it; SQS's client compares the digests. */
function accept({ Records, Entries = [] }: Call): object {
  if (Records !== undefined) {
    const taken = { SequenceNumber: '1', ShardId: 'shardId-000000000000' };
    return { FailedRecordCount: 0, Records: Records.map(() => taken) };
  }
  const Successful = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: Id,
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  }));
  return { Successful, Failed: [] };
}

async function answer(request: IncomingMessage): Promise<object> {
  const action = String(request.headers['x-amz-target'] ?? '').split('.')[1];
  const body = await text(request);
  // Fastly's answer is looked at by its status alone.
  if (action === undefined) return { status: 'ok' };
  const call = JSON.parse(body) as Call;
  if (action !== RECEIVE) return accept(call);
  await new Promise(resolve => setTimeout(resolve, (call.WaitTimeSeconds ?? 0) * 1000).unref());
  return { Messages: [] };
}

/** Serves Kinesis, SQS and Fastly as they are when they cost nothing: all is taken at once, and nothing kept. */
export const acceptAll: RequestListener = (request, response) => {
  void answer(request).then(
    result => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(result)),
    () => response.writeHead(400).end(),
  );
};
