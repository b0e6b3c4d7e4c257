import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createSqsServer } from 'local-aws-sqs';
import { type AwsCall, type AwsProxy, type Meddling, startAwsProxy } from './aws-proxy.ts';

export interface ReceivedMessage {
  readonly body: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** An SQS server in this process, behind a proxy that can fail on command. */
export interface TestSqs {
  /** Where clients go: the proxy. */
  readonly endpoint: string;
  /** The server itself, past the proxy. */
  readonly url: string;
  readonly proxy: AwsProxy;
  /** A client that goes past the proxy. */
  readonly client: SQSClient;
  /** Makes a queue, and gives its URL. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** Takes all messages that a queue has. */
  receiveAll(queueUrl: string): Promise<ReceivedMessage[]>;
  stop(): Promise<void>;
}

/** Starts a server and its proxy on free ports. */
export async function startSqs(): Promise<TestSqs> {
  const server = await createSqsServer({
    port: 0,
    hostname: '127.0.0.1',
    region: 'us-east-1',
    emulateQueueCreationLifecycle: false,
  });
  if (!server.listening) await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy = await startAwsProxy(url);
  const client = new SQSClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  });
  return {
    endpoint: proxy.url,
    url,
    proxy,
    client,
    async createQueue(QueueName, Attributes = {}) {
      const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
      return QueueUrl;
    },
    async receiveAll(QueueUrl) {
      const all: ReceivedMessage[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
        );
        if (Messages.length === 0) return all;
        for (const message of Messages) {
          all.push(toReceived(message));
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
        }
      }
    },
    async stop() {
      client.destroy();
      await proxy.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function toReceived({ Body = '{}', MessageAttributes = {} }: Message): ReceivedMessage {
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  return {
    body: JSON.parse(Body) as ReceivedMessage['body'],
    attributes: Object.fromEntries(attributes) as ReceivedMessage['attributes'],
  };
}

/** Keeps the entries at some places of a SendMessageBatch from the queue, which answers for them with a failure. */
export function failEntries(
  { action, body }: AwsCall,
  isFailing: (at: number) => boolean,
  failure: { readonly Code: string; readonly SenderFault: boolean },
): Meddling | undefined {
  if (action !== 'SendMessageBatch') return undefined;
  const entries = body['Entries'] as { readonly Id: string }[];
  const failing = entries.filter((_entry, at) => isFailing(at));
  if (failing.length === 0 || failing.length === entries.length) return undefined;
  return {
    body: { ...body, Entries: entries.filter(entry => !failing.includes(entry)) },
    answer: answer => ({ ...answer, Failed: failing.map(({ Id }) => ({ Id, Message: 'It failed.', ...failure })) }),
  };
}
