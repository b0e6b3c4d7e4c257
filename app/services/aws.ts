import { type KinesisClient } from '@aws-sdk/client-kinesis';
import { type SQSClient } from '@aws-sdk/client-sqs';
import { type Config } from '../../config/schema.ts';

/** The clients of AWS, each made when it is first asked for: their code alone takes a tenth of a second to load. */
export interface AwsClients {
  kinesis(): Promise<KinesisClient>;
  sqs(): Promise<SQSClient>;
  /** Ends what is connected. */
  close(): Promise<void>;
}

/**
 * Makes the clients of the configured region and servers. They try once: who sends tries again. Their handler speaks
 * HTTP/1.1, which local stand-ins understand, too.
 */
export function createAwsClients({ aws, kinesis, sqs }: Pick<Config, 'aws' | 'kinesis' | 'sqs'>): AwsClients {
  const createOptions = async (endpoint: string | undefined) => {
    const { NodeHttpHandler } = await import('@smithy/node-http-handler');
    return {
      ...(aws.region !== undefined && { region: aws.region }),
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: aws.connectTimeoutMs,
        requestTimeout: aws.requestTimeoutMs,
        // Without it the handler only warns.
        throwOnRequestTimeout: true,
      }),
    };
  };
  const made: { kinesis?: Promise<KinesisClient>; sqs?: Promise<SQSClient> } = {};
  const makeKinesis = async (): Promise<KinesisClient> => {
    const [{ KinesisClient }, options] = await Promise.all([
      import('@aws-sdk/client-kinesis'),
      createOptions(kinesis.endpoint),
    ]);
    return new KinesisClient(options);
  };
  const makeSqs = async (): Promise<SQSClient> => {
    const [{ SQSClient }, options] = await Promise.all([import('@aws-sdk/client-sqs'), createOptions(sqs.endpoint)]);
    // Otherwise the client goes to the host of the queue's URL, whatever its endpoint.
    return new SQSClient({ ...options, ...(sqs.endpoint !== undefined && { useQueueUrlAsEndpoint: false }) });
  };
  return {
    kinesis: () => (made.kinesis ??= makeKinesis()),
    sqs: () => (made.sqs ??= makeSqs()),
    async close() {
      for (const client of await Promise.all([made.kinesis, made.sqs])) client?.destroy();
    },
  };
}

const MAX_REASON_LENGTH = 300;

/** Says in a line why AWS did not answer as it should. What follows the first line may quote the request's headers. */
export function describeAwsError(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  const [reason = ''] = error.message.split('\n');
  return `${error.name}: ${reason.slice(0, MAX_REASON_LENGTH)}`;
}
