import { once } from 'node:events';
import { type Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo } from 'node:net';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AwsCall, type AwsProxy, type Meddling, startAwsProxy } from './aws-proxy.ts';
import { until } from './until.ts';

const kinesalite = createRequire(import.meta.url)('kinesalite') as (options: object) => Server;

export interface KinesisRecord {
  readonly partitionKey: string;
  readonly data: unknown;
}

/** A Kinesis server in this process, behind a proxy that can fail on command. */
export interface TestKinesis {
  /** Where clients go: the proxy. */
  readonly endpoint: string;
  /** The server itself, past the proxy. */
  readonly url: string;
  readonly proxy: AwsProxy;
  createStream(name: string, shards?: number): Promise<void>;
  /** Gives all records of a stream, shard by shard, each in its order. */
  read(stream: string): Promise<KinesisRecord[]>;
  stop(): Promise<void>;
}

/** Starts a server and its proxy on free ports. */
export async function startKinesis(): Promise<TestKinesis> {
  const server = kinesalite({ createStreamMs: 1, deleteStreamMs: 1 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy = await startAwsProxy(url);
  const client = new KinesisClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  });

  const readShard = async (StreamName: string, ShardId: string | undefined): Promise<KinesisRecord[]> => {
    const records: KinesisRecord[] = [];
    let { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    for (;;) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
      if (Records.length === 0) return records;
      for (const { PartitionKey = '', Data } of Records) {
        records.push({ partitionKey: PartitionKey, data: JSON.parse(Buffer.from(Data ?? []).toString()) as unknown });
      }
      ShardIterator = NextShardIterator;
    }
  };

  return {
    endpoint: proxy.url,
    url,
    proxy,
    async createStream(StreamName, ShardCount = 1) {
      await client.send(new CreateStreamCommand({ StreamName, ShardCount }));
      await until(
        () => client.send(new DescribeStreamSummaryCommand({ StreamName })),
        ({ StreamDescriptionSummary }) => StreamDescriptionSummary?.StreamStatus === 'ACTIVE',
      );
    },
    async read(StreamName) {
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
      return (await Promise.all(Shards.map(({ ShardId }) => readShard(StreamName, ShardId)))).flat();
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

/** Keeps the records at some places of a PutRecords from the stream, which answers for them with an error of its own. */
export function failRecords(
  { action, body }: AwsCall,
  isFailing: (record: unknown, at: number) => boolean,
  ErrorCode = 'ProvisionedThroughputExceededException',
): Meddling | undefined {
  if (action !== 'PutRecords') return undefined;
  const records = body['Records'] as unknown[];
  const failing = new Set(records.flatMap((record, at) => (isFailing(record, at) ? at : [])));
  if (failing.size === 0) return undefined;
  const failure = { ErrorCode, ErrorMessage: 'Rate exceeded for shard.' };
  // A request without records is refused: there is nothing to pass on.
  if (failing.size === records.length) return { status: 400, type: ErrorCode, message: failure.ErrorMessage };
  return {
    body: { ...body, Records: records.filter((_record, at) => !failing.has(at)) },
    answer: answer => {
      const taken = [...(answer['Records'] as unknown[])];
      return {
        FailedRecordCount: failing.size,
        Records: records.map((_record, at) => (failing.has(at) ? failure : taken.shift())),
      };
    },
  };
}
