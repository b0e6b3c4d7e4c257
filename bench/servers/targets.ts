// What a service delivers to, in one process: Kinesis, SQS and Fastly. `stand-ins` runs kinesalite and local-aws-sqs, which
// keep what they get, and a stub of Fastly; `instant` answers all three at once, and keeps nothing.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { startKinesis } from '../../test/support/kinesis.ts';
import { awsVariables } from '../../test/support/aws-proxy.ts';
import { startSqs } from '../../test/support/sqs.ts';
import { acceptAll } from '../lib/instant-targets.ts';
import { announce } from '../lib/serve.ts';

const SHARDS = 4;
const streams = { KINESIS_CAMPAIGN_STREAM: 'campaign-changes', KINESIS_ATTENDANCE_STREAM: 'attendance-changes' };
const queues = { SQS_DATA_PIPELINE_QUEUE_URL: 'data-pipeline', SQS_REFRESH_SELECTIONS_QUEUE_URL: 'refresh-selections' };

const [kind] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(0));

const server = createServer(acceptAll).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const instant = `http://127.0.0.1:${port}`;

async function startStandIns() {
  const [kinesis, sqs] = await Promise.all([startKinesis(), startSqs()]);
  for (const stream of Object.values(streams)) await kinesis.createStream(stream, SHARDS);
  const made = Object.entries(queues).map(async ([variable, name]) => [variable, await sqs.createQueue(name)] as const);
  return { kinesis: kinesis.url, sqs: sqs.url, queueUrls: Object.fromEntries(await Promise.all(made)) };
}

const { kinesis, sqs, queueUrls } =
  kind === 'stand-ins'
    ? await startStandIns()
    : {
        kinesis: instant,
        sqs: instant,
        queueUrls: Object.fromEntries(
          Object.entries(queues).map(([variable, name]) => [variable, `${instant}/000000000000/${name}`]),
        ),
      };

announce(
  port,
  {},
  {
    variables: {
      ...streams,
      ...queueUrls,
      AWS_REGION: 'us-east-1',
      KINESIS_ENDPOINT: kinesis,
      SQS_ENDPOINT: sqs,
      FASTLY_SERVICE_ID: 'bench',
      FASTLY_API_TOKEN: 'bench',
      FASTLY_API_URL: instant,
      ...awsVariables,
    },
  },
);
