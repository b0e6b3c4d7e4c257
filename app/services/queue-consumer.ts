import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { type Logger } from '../../lib/log.ts';
import { describeAwsError } from './aws.ts';

/** A message as it was received. */
export interface QueueMessage {
  readonly messageId: string;
  readonly body: string;
  /** How often the queue has handed it out, this time included. */
  readonly receiveCount: number;
}

export interface QueueConsumerOptions {
  readonly queueUrl: string;
  readonly connect: () => Promise<SQSClient>;
  /**
   * Does what a message asks for. It is taken from the queue when this resolves; when it rejects, the message comes
   * again later, and after as many times as the queue's redrive policy says it goes to the dead letters.
   */
  readonly handle: (message: QueueMessage) => Promise<void>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** How long a request waits for messages, in seconds; up to 20. */
  readonly waitSeconds: number;
  /** For how long a message is nobody else's, in seconds; extended as long as it is being handled. */
  readonly visibilitySeconds: number;
}

/** Takes messages from a queue for as long as it runs. */
export interface QueueConsumer {
  start(): void;
  /** Takes no more, and resolves when what was taken has been handled. */
  stop(): Promise<void>;
}

const MAX_MESSAGES = 10;
/** How long an answer may take beyond the time that the request waits, in milliseconds. */
const ANSWER_MS = 5_000;
const MAX_PAUSE_MS = 30_000;
/** The longest wait of a message that failed, in seconds. */
const MAX_RETRY_SECONDS = 300;

/** Makes the consumer of an SQS queue: long polls, ten messages at a time. */
export function createQueueConsumer(options: QueueConsumerOptions): QueueConsumer {
  const { queueUrl: QueueUrl, connect, handle, log, waitSeconds, visibilitySeconds } = options;
  const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> = Promise.resolve();

  const receive = async (): Promise<Message[]> => {
    const [{ ReceiveMessageCommand }, client] = await Promise.all([import('@aws-sdk/client-sqs'), connect()]);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MAX_MESSAGES,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
      { abortSignal: signal, requestTimeout: waitSeconds * 1000 + ANSWER_MS },
    );
    return Messages;
  };

  const setVisibility = async ({ ReceiptHandle }: Message, seconds: number): Promise<void> => {
    const [{ ChangeMessageVisibilityCommand }, client] = await Promise.all([import('@aws-sdk/client-sqs'), connect()]);
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: seconds }));
  };

  const remove = async ({ ReceiptHandle }: Message): Promise<void> => {
    const [{ DeleteMessageCommand }, client] = await Promise.all([import('@aws-sdk/client-sqs'), connect()]);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  };

  /** What fails here does no harm: the message only comes again sooner or later than it should. */
  const attempt = async (message: Message, work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      log.warn('queue.messageNotMarked', {
        queue: name,
        messageId: message.MessageId,
        reason: describeAwsError(error),
      });
    }
  };

  const process = async (message: Message): Promise<void> => {
    const received = toMessage(message);
    const extension = setInterval(
      () => void attempt(message, setVisibility(message, visibilitySeconds)),
      (visibilitySeconds * 1000) / 2,
    );
    try {
      await handle(received);
    } catch (error) {
      const { messageId, receiveCount } = received;
      log.warn('queue.messageFailed', { queue: name, messageId, receiveCount, error });
      // Full jitter, so that what failed together does not come back together.
      const ceiling = Math.min(MAX_RETRY_SECONDS, 2 ** receiveCount);
      return await attempt(message, setVisibility(message, Math.ceil(Math.random() * ceiling)));
    } finally {
      clearInterval(extension);
    }
    await attempt(message, remove(message));
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted;) {
      try {
        const messages = await receive();
        if (failures > 0) log.info('queue.answersAgain', { queue: name });
        failures = 0;
        await Promise.all(messages.map(process));
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) log.warn('queue.notRead', { queue: name, reason: describeAwsError(error) });
        failures += 1;
        const ceiling = Math.min(MAX_PAUSE_MS, 200 * 2 ** failures);
        await sleep(Math.random() * ceiling, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  };

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function toMessage({ MessageId = '', Body = '', Attributes = {} }: Message): QueueMessage {
  return { messageId: MessageId, body: Body, receiveCount: Number(Attributes['ApproximateReceiveCount'] ?? 1) };
}
