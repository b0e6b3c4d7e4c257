import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createId } from '../../lib/ids.ts';
import { buildMessage } from '../../test/support/outgoing.ts';
import { failEntries, startSqs, type TestSqs } from '../../test/support/sqs.ts';
import { loadTestConfig } from '../../test/support/test-config.ts';
import { type AwsClients, createAwsClients } from './aws.ts';
import { type MessageSender, type OutgoingMessage } from './message-sender.ts';
import { createQueue } from './queues.ts';

describe('an SQS queue', () => {
  let sqs: TestSqs;
  let clients: AwsClients;
  let queueUrl: string;
  let sender: MessageSender;
  const never = new AbortController().signal;

  beforeAll(async () => {
    sqs = await startSqs();
    clients = createClients();
  });
  afterAll(async () => {
    await clients.close();
    await sqs.stop();
  });
  beforeEach(async () => {
    queueUrl = await sqs.createQueue(`queue-${createId()}`);
    sqs.proxy.meddle(() => undefined);
    sender = createQueue({ queueUrl, connect: () => clients.sqs() });
  });

  const createClients = (variables: Readonly<Record<string, string>> = {}): AwsClients =>
    createAwsClients(loadTestConfig({ AWS_REGION: 'us-east-1', SQS_ENDPOINT: sqs.endpoint, ...variables }));
  const entriesOfCalls = (url = queueUrl) =>
    sqs.proxy.calls
      .filter(({ body }) => body['QueueUrl'] === url)
      .map(({ body }) => body['Entries'] as Readonly<Record<string, unknown>>[]);
  const receiveIds = async (): Promise<unknown[]> =>
    (await sqs.receiveAll(queueUrl)).map(({ body }) => body['changeId']).sort();
  const idsOf = (messages: readonly OutgoingMessage[]): string[] => messages.map(({ changeId }) => changeId).sort();

  it('takes messages with the correlation and the trace as attributes', async () => {
    const attributes = { correlation: 'abc', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    const message = buildMessage({ attributes });
    expect(await sender.send([message], never)).toEqual(new Map());
    expect(await sqs.receiveAll(queueUrl)).toEqual([{ body: { changeId: message.changeId }, attributes }]);
  });

  it('takes ten messages at once, and more in turn', async () => {
    const messages = Array.from({ length: 25 }, () => buildMessage());
    expect((await sender.send(messages, never)).size).toBe(0);
    expect(entriesOfCalls().map(entries => entries.length)).toEqual([10, 10, 5]);
    expect(await receiveIds()).toEqual(idsOf(messages));
  });

  it('takes 256 KiB at once, and refuses for good a message that is larger', async () => {
    const large = buildMessage({ body: JSON.stringify('x'.repeat(150_000)) });
    const tooLarge = buildMessage({ body: JSON.stringify('x'.repeat(256 * 1024)) });
    const failures = await sender.send([large, buildMessage({ ...large, changeId: 'other' }), tooLarge], never);
    expect([...failures]).toMatchObject([[tooLarge.changeId, { isFinal: true }]]);
    expect(entriesOfCalls().map(entries => entries.length)).toEqual([1, 1]);
  });

  it.each([
    [true, 'InvalidMessageContents'],
    [false, 'InternalError'],
  ])('says which messages it did not take; for good when the sender is at fault (%s)', async (SenderFault, Code) => {
    const messages = Array.from({ length: 10 }, () => buildMessage());
    sqs.proxy.meddle(call => failEntries(call, at => at < 3, { Code, SenderFault }));
    const failures = await sender.send(messages, never);
    expect([...failures.keys()].sort()).toEqual(idsOf(messages.slice(0, 3)));
    for (const { error, isFinal } of failures.values()) {
      expect([error.message.includes(Code), isFinal]).toEqual([true, SenderFault]);
    }
    expect(await receiveIds()).toEqual(idsOf(messages.slice(3)));
  });

  it('fails what was not sent yet when a later request comes to nothing, and throws when the first does', async () => {
    const messages = Array.from({ length: 12 }, () => buildMessage());
    sqs.proxy.meddle(({ body }) =>
      (body['Entries'] as unknown[]).length === 2 ? { status: 500, type: 'InternalFailure' } : undefined,
    );
    expect([...(await sender.send(messages, never)).keys()].sort()).toEqual(idsOf(messages.slice(10)));
    sqs.proxy.meddle(() => ({ status: 403, type: 'AccessDenied', message: 'No.' }));
    await expect(sender.send(messages, never)).rejects.toThrow(
      /^The queue queue-\w+ takes nothing: AccessDenied: No\.$/,
    );
  });

  it('throws when it does not answer in time', async () => {
    sqs.proxy.meddle(() => 'hang');
    const impatient = createClients({ AWS_REQUEST_TIMEOUT_MS: '100' });
    const hurried = createQueue({ queueUrl, connect: () => impatient.sqs() });
    await expect(hurried.send([buildMessage()], never)).rejects.toThrow(/takes nothing: TimeoutError/);
    await impatient.close();
  });

  it('that is FIFO groups by campaign and drops a change that comes again', async () => {
    queueUrl = await sqs.createQueue(`queue-${createId()}.fifo`, { FifoQueue: 'true' });
    const fifo = createQueue({ queueUrl, connect: () => clients.sqs() });
    const message = buildMessage();
    for (let time = 0; time < 2; time += 1) expect((await fifo.send([message], never)).size).toBe(0);
    const { changeId, campaignId } = message;
    for (const [entry] of entriesOfCalls()) {
      expect(entry).toMatchObject({ MessageGroupId: campaignId, MessageDeduplicationId: changeId });
    }
    expect(await receiveIds()).toEqual([changeId]);
  });
});
