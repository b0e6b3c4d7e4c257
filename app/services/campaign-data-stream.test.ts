import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failRecords, startKinesis, type TestKinesis } from '../../test/support/kinesis.ts';
import { createId } from '../../lib/ids.ts';
import { buildMessage } from '../../test/support/outgoing.ts';
import { loadTestConfig } from '../../test/support/test-config.ts';
import { until } from '../../test/support/until.ts';
import { type AwsClients, createAwsClients } from './aws.ts';
import { createCampaignDataStream } from './campaign-data-stream.ts';
import { type MessageSender, type OutgoingMessage } from './message-sender.ts';

describe('a Kinesis stream', () => {
  let kinesis: TestKinesis;
  let clients: AwsClients;
  let stream: string;
  let sender: MessageSender;
  const never = new AbortController().signal;

  beforeAll(async () => {
    kinesis = await startKinesis();
    clients = createClients();
  });
  afterAll(async () => {
    await clients.close();
    await kinesis.stop();
  });
  beforeEach(async () => {
    stream = `stream-${createId()}`;
    await kinesis.createStream(stream);
    kinesis.proxy.meddle(() => undefined);
    sender = createCampaignDataStream({ stream, connect: () => clients.kinesis() });
  });

  const createClients = (variables: Readonly<Record<string, string>> = {}): AwsClients =>
    createAwsClients(loadTestConfig({ AWS_REGION: 'us-east-1', KINESIS_ENDPOINT: kinesis.endpoint, ...variables }));
  const sizesOfCalls = (): number[] =>
    kinesis.proxy.calls
      .filter(({ body }) => body['StreamName'] === stream)
      .map(({ body }) => (body['Records'] as unknown[]).length);
  const readIds = async (): Promise<unknown[]> =>
    (await kinesis.read(stream)).map(({ data }) => (data as { changeId: string }).changeId);
  const idsOf = (messages: readonly OutgoingMessage[]): string[] => messages.map(({ changeId }) => changeId);

  it('takes messages under the campaign as partition key, in their order', async () => {
    const messages = [buildMessage(), buildMessage(), buildMessage()];
    expect(await sender.send(messages, never)).toEqual(new Map());
    expect(await kinesis.read(stream)).toEqual(
      messages.map(({ campaignId, body }) => ({ partitionKey: campaignId, data: JSON.parse(body) as unknown })),
    );
  });

  it('takes 500 records at once, and more in turn', async () => {
    const messages = Array.from({ length: 501 }, () => buildMessage());
    expect((await sender.send(messages, never)).size).toBe(0);
    expect(sizesOfCalls()).toEqual([500, 1]);
    expect(await readIds()).toEqual(idsOf(messages));
  });

  it('takes 5 MiB at once', async () => {
    const large = () => buildMessage({ body: JSON.stringify({ text: 'x'.repeat(1_000_000) }) });
    const messages = Array.from({ length: 6 }, large);
    expect((await sender.send(messages, never)).size).toBe(0);
    expect(sizesOfCalls()).toEqual([5, 1]);
  });

  it('refuses for good a record over 1 MiB, its partition key included, and takes the others', async () => {
    const limit = 1024 * 1024 - 24;
    const fitting = buildMessage({ body: JSON.stringify('x'.repeat(limit - 2)) });
    const tooLarge = buildMessage({ body: JSON.stringify('x'.repeat(limit - 1)) });
    const failures = await sender.send([buildMessage(), tooLarge, fitting], never);
    expect([...failures.keys()]).toEqual([tooLarge.changeId]);
    expect(failures.get(tooLarge.changeId)).toMatchObject({ isFinal: true });
    expect(await kinesis.read(stream)).toHaveLength(2);
  });

  it('says which records it did not take, and takes no others again', async () => {
    const messages = Array.from({ length: 20 }, () => buildMessage());
    const isFailing = (at: number) => at % 3 === 0;
    kinesis.proxy.meddle(call => failRecords(call, (_record, at) => isFailing(at)));
    const failures = await sender.send(messages, never);
    const expected = messages.filter((_message, at) => isFailing(at));
    expect([...failures.keys()]).toEqual(idsOf(expected));
    for (const { error, isFinal } of failures.values()) {
      expect(error.message).toMatch(/refused: ProvisionedThroughputExceededException/);
      expect(isFinal).toBeUndefined();
    }
    expect(await readIds()).toEqual(idsOf(messages.filter((_message, at) => !isFailing(at))));
  });

  it('throws when it takes nothing, and asks once: who sends tries again', async () => {
    kinesis.proxy.meddle(() => ({ status: 400, type: 'LimitExceededException', message: 'Slow down.\nInternals' }));
    await expect(sender.send([buildMessage()], never)).rejects.toThrow(
      /takes nothing: LimitExceededException: Slow down\.$/,
    );
    expect(sizesOfCalls()).toEqual([1]);
  });

  it('throws when it does not answer in time', async () => {
    kinesis.proxy.meddle(() => 'hang');
    const impatient = createClients({ AWS_REQUEST_TIMEOUT_MS: '100' });
    const hurried = createCampaignDataStream({ stream, connect: () => impatient.kinesis() });
    await expect(hurried.send([buildMessage()], never)).rejects.toThrow(/takes nothing: TimeoutError/);
    await impatient.close();
  });

  it('fails what was not sent yet when a later request comes to nothing', async () => {
    const messages = Array.from({ length: 501 }, () => buildMessage());
    kinesis.proxy.meddle(({ body }) =>
      (body['Records'] as unknown[]).length === 1 ? { status: 500, type: 'InternalFailure' } : undefined,
    );
    const failures = await sender.send(messages, never);
    expect([...failures.keys()]).toEqual([messages[500]?.changeId]);
  });

  it('stops by the signal', async () => {
    kinesis.proxy.meddle(() => 'hang');
    const controller = new AbortController();
    const sending = sender.send([buildMessage()], controller.signal);
    const ended = expect(sending).rejects.toThrow(/AbortError/);
    await until(sizesOfCalls, sizes => sizes.length > 0);
    controller.abort();
    await ended;
  });

  it('says so when there is no such stream', async () => {
    const lost = createCampaignDataStream({ stream: 'no-such-stream', connect: () => clients.kinesis() });
    await expect(lost.send([buildMessage()], never)).rejects.toThrow(/no-such-stream takes nothing: ResourceNotFound/);
  });
});
