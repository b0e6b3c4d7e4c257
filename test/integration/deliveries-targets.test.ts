import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { type Market } from '../../schemas/market.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildMarket, createOpenCampaign } from '../support/factories.ts';
import { type HttpStub, startHttpStub } from '../support/http-stub.ts';
import { failRecords, startKinesis, type TestKinesis } from '../support/kinesis.ts';
import { failEntries, type ReceivedMessage, startSqs, type TestSqs } from '../support/sqs.ts';
import { until } from '../support/until.ts';

const UPDATES = 200;
const CAMPAIGN_STREAM = 'campaign-changes';
const ATTENDANCE_STREAM = 'attendance-changes';

interface Message {
  readonly changeId: string;
  readonly documentId: string;
  readonly campaignId: string;
  readonly version: number;
  readonly documentVersion: number | null;
  readonly eventIds: readonly string[];
}

/** Gives 0 to 1, the same numbers in each run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe('changes on their way to Kinesis, SQS and Fastly', () => {
  let kinesis: TestKinesis;
  let sqs: TestSqs;
  let fastly: HttpStub;
  let queues: Readonly<Record<'pipeline' | 'refresh', string>>;
  let test: TestApp;

  beforeAll(async () => {
    [kinesis, sqs, fastly] = await Promise.all([
      startKinesis(),
      startSqs(),
      startHttpStub(() => ({ body: { status: 'ok' } })),
    ]);
    await kinesis.createStream(CAMPAIGN_STREAM, 2);
    await kinesis.createStream(ATTENDANCE_STREAM);
    queues = { pipeline: await sqs.createQueue('pipeline'), refresh: await sqs.createQueue('refresh') };
  });
  afterAll(() => Promise.all([kinesis.stop(), sqs.stop(), fastly.stop()]));
  beforeEach(async () => {
    test = await startTestApp({ time: 'real', variables: targets() });
  });
  afterEach(async () => {
    kinesis.proxy.meddle(() => undefined);
    sqs.proxy.meddle(() => undefined);
    fastly.recover();
    fastly.forget();
    await test.stop();
  });

  const targets = (): Record<string, string> => ({
    AWS_REGION: 'us-east-1',
    // Alone: no worker takes what arrives in the queue of selections.
    ROLES: 'web',
    KINESIS_ENDPOINT: kinesis.endpoint,
    KINESIS_CAMPAIGN_STREAM: CAMPAIGN_STREAM,
    KINESIS_ATTENDANCE_STREAM: ATTENDANCE_STREAM,
    SQS_ENDPOINT: sqs.endpoint,
    SQS_DATA_PIPELINE_QUEUE_URL: queues.pipeline,
    SQS_REFRESH_SELECTIONS_QUEUE_URL: queues.refresh,
    FASTLY_SERVICE_ID: 'service',
    FASTLY_API_TOKEN: 'token',
    FASTLY_API_URL: fastly.url,
    // What hangs must not hold up the end of a test.
    AWS_REQUEST_TIMEOUT_MS: '2000',
    FASTLY_TIMEOUT_MS: '2000',
    DELIVERIES_POLL_INTERVAL_MS: '50',
    DELIVERIES_BACKOFF_MS: '10',
    DELIVERIES_MAX_BACKOFF_MS: '100',
    DELIVERIES_CIRCUIT_MAX_OPEN_MS: '100',
  });
  const readStream = async (campaignId: string, stream = CAMPAIGN_STREAM): Promise<Message[]> =>
    (await kinesis.read(stream))
      .map(({ partitionKey, data }) => ({ partitionKey, message: data as Message }))
      .filter(({ partitionKey }) => partitionKey === campaignId)
      .map(({ message }) => message);
  /** The versions of a document in the order in which a consumer first sees them. */
  const versionsOf = (messages: readonly Message[], documentId: string): number[] => [
    ...new Set(messages.filter(message => message.documentId === documentId).map(({ version }) => version)),
  ];
  /** The id of the change that made each version, as history has it. */
  const findChangeIds = async (documentId: string): Promise<Map<number, string>> => {
    const { rows } = await test.app.datastores.changes.findByDocument(documentId, { page: 0, pageSize: 1_000 });
    return new Map(rows.map(({ _id, version }) => [version, _id]));
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_none, at) => at + 1);
  const purgedKeys = (): string[] =>
    fastly.requests.flatMap(({ body }) => (body as { surrogate_keys?: string[] } | undefined)?.surrogate_keys ?? []);

  it(`${UPDATES} rapid updates arrive in order, whatever records fail, while another target is down`, async () => {
    const random = createRandom(20_260_301);
    let failedCount = 0;
    const fails = (): boolean => {
      const isFailing = random() < 0.3;
      if (isFailing) failedCount += 1;
      return isFailing;
    };
    kinesis.proxy.meddle(call => failRecords(call, fails));
    sqs.proxy.meddle(call => failEntries(call, () => random() < 0.3, { Code: 'InternalError', SenderFault: false }));
    fastly.failAlways({ status: 500 });
    const campaign = await createOpenCampaign(test.client);
    const path = `/campaigns/${campaign._id}`;
    const { data: market } = await test.client.post<Market>(`${path}/markets`, buildMarket());
    const first = (await test.client.get<Campaign>(path)).data.version;

    // Ten writers at once, each as fast as it can; every tenth write is one of the market.
    const writers = upTo(10).map(async writer => {
      for (let turn = 0; turn < UPDATES / 10; turn += 1) {
        const { status } = await test.client.patch(path, { tour: { name: `${writer}.${turn}` } });
        expect(status).toBe(200);
        if (turn % 10 === 0)
          await test.client.patch(`${path}/markets/${market._id}`, { population: writer * 100 + turn });
      }
    });
    await Promise.all(writers);
    const last = first + UPDATES;
    expect((await test.client.get<Campaign>(path)).data.version).toBe(last);
    const { version: ofMarket } = (await test.client.get<Market>(`${path}/markets/${market._id}`)).data;

    const messages = await until(
      () => readStream(campaign._id),
      read => new Set(read.map(({ changeId }) => changeId)).size === last + ofMarket,
    );
    expect(failedCount).toBeGreaterThan(UPDATES / 10);
    expect(versionsOf(messages, campaign._id)).toEqual(upTo(last));
    expect(versionsOf(messages, market._id)).toEqual(upTo(ofMarket));
    const ids = new Map([campaign._id, market._id].map(id => [id, findChangeIds(id)]));
    for (const { documentId, version, changeId, documentVersion, eventIds } of messages) {
      expect((await ids.get(documentId))?.get(version)).toBe(changeId);
      expect(documentVersion).toBeGreaterThanOrEqual(version);
      if (version > 1) expect(eventIds).toEqual(market.event?.ids);
    }

    const received: ReceivedMessage[] = [];
    await until(
      async () => {
        received.push(...(await sqs.receiveAll(queues.pipeline)));
        return new Set(received.map(({ body }) => body['changeId'])).size;
      },
      // The making of the campaign is none of the pipeline's business.
      count => count === last - 1 + ofMarket,
    );
    expect(received.every(({ body, attributes }) => attributes['correlation'] === body['correlation'])).toBe(true);

    // Nothing of this was held up by the CDN, and the CDN misses nothing of it.
    fastly.forget();
    fastly.recover();
    await until(purgedKeys, keys => keys.includes(`campaign/${campaign._id}`));
  });

  it('go only where they are asked for: selections, attendance, the old domain', async () => {
    const campaign = await createOpenCampaign(test.client, { options: { attendance: true } });
    const path = `/campaigns/${campaign._id}`;
    const { data: market } = await test.client.post<Market>(`${path}/markets`, buildMarket());
    await test.client.patch(`${path}/markets/${market._id}`, { population: 7 });
    await test.client.delete(`${path}/markets/${market._id}`);
    await test.client.patch(path, { domain: { site: `moved-${campaign._id}.example.com` } });

    const attendance = await until(
      () => readStream(campaign._id, ATTENDANCE_STREAM),
      read => versionsOf(read, market._id).length === 3,
    );
    expect(versionsOf(attendance, campaign._id)).toEqual([]);
    const asked: ReceivedMessage[] = [];
    await until(
      async () =>
        asked.push(...(await sqs.receiveAll(queues.refresh)).filter(({ body }) => body['campaignId'] === campaign._id)),
      count => count >= 2,
    );
    expect(asked.map(({ body }) => [body['marketId'], body['version'], body['deleted']]).sort()).toEqual([
      [market._id, 1, false],
      [market._id, 3, true],
    ]);
    const { site } = campaign.domain ?? {};
    await until(purgedKeys, keys => keys.includes(`domain/${site}`));
    await until(
      () => fastly.requests.map(request => request.path),
      paths => [`/purge/${site}/`, `/purge/moved-${campaign._id}.example.com/`].every(url => paths.includes(url)),
    );
    expect(fastly.requests.every(({ headers }) => headers['fastly-key'] === 'token')).toBe(true);
  });

  it('never fail a write, whatever is down', async () => {
    kinesis.proxy.meddle(() => 'hang');
    sqs.proxy.meddle(() => ({ status: 400, type: 'RequestThrottled' }));
    fastly.failAlways('hang');
    const campaign = await createOpenCampaign(test.client);
    for (let turn = 0; turn < 20; turn += 1) {
      const { status } = await test.client.patch(`/campaigns/${campaign._id}`, { tour: { name: `turn ${turn}` } });
      expect(status).toBe(200);
    }
  });
});
