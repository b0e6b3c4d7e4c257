import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { businessRoutes } from '../../app/router/routes.ts';
import { type Market } from '../../schemas/market.ts';
import { awsVariables, type Meddling } from '../support/aws-proxy.ts';
import { type Client, createClient } from '../support/client.ts';
import { createCampaign, createMarket } from '../support/factories.ts';
import { startKinesis, type TestKinesis } from '../support/kinesis.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

// The service starts five times, on a busy machine slowly.
jest.setTimeout(240_000);

const STREAM = 'campaign-changes';
const MARKETS = 4;
/** How much is written to each market in a round. */
const UPDATES = 10;

interface Change {
  readonly changeId: string;
  readonly documentId: string;
  readonly version: number;
}

/** Where in the way of a change the service is killed. */
const moments: readonly { readonly name: string; readonly meddle: () => Meddling | undefined }[] = [
  // The write is answered, and the request to the stream has not come through.
  { name: 'between a write and its delivery', meddle: () => 'hang' },
  // The stream has the records, and the service does not know.
  { name: 'in the middle of a batch', meddle: () => 'loseAnswer' },
];

describe('a service that is killed while it delivers', () => {
  let directory: string;
  let kinesis: TestKinesis;
  let client: Client;
  let service: ServiceProcess;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'kill-deliveries-'));
    kinesis = await startKinesis();
    await kinesis.createStream(STREAM);
  });
  afterAll(async () => {
    await service.stop('SIGKILL');
    await kinesis.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (): Promise<void> => {
    service = startServiceProcess({
      ...awsVariables,
      DATA_DIR: directory,
      AWS_REGION: 'us-east-1',
      KINESIS_ENDPOINT: kinesis.endpoint,
      KINESIS_CAMPAIGN_STREAM: STREAM,
      CHANGES_SWEEP_INTERVAL_MS: '100',
      CHANGES_SWEEP_AGE_MS: '0',
      DELIVERIES_POLL_INTERVAL_MS: '50',
      DELIVERIES_LEASE_SECONDS: '1',
    });
    client = createClient({ url: await service.started, routes: businessRoutes }, createSupremeToken());
  };
  const puts = (): number => kinesis.proxy.calls.filter(({ action }) => action === 'PutRecords').length;
  const historyOf = async (campaignId: string): Promise<Change[]> => {
    const changes: Change[] = [];
    for (let page = 0; ; page += 1) {
      const { data } = await client.get<Change[]>(`/campaigns/${campaignId}/history`, {
        query: { page, pageSize: 100 },
      });
      changes.push(...data);
      if (data.length < 100) return changes;
    }
  };
  const idsOf = (changes: readonly Change[]): string[] => [...new Set(changes.map(({ changeId }) => changeId))].sort();

  it('delivers every change that was committed, with the id that it has, in order, and none besides', async () => {
    await start();
    const { _id: campaignId } = await createCampaign(client);
    const markets: Market[] = [];
    for (let at = 0; at < MARKETS; at += 1) markets.push(await createMarket(client, campaignId));

    for (const { name, meddle } of moments) {
      // Some of it arrives, and then nothing is as it was.
      let passed = 0;
      kinesis.proxy.meddle(() => (passed++ < 3 ? undefined : meddle()));
      const before = puts();
      const writes = markets.map(async market => {
        for (let turn = 0; turn < UPDATES; turn += 1) {
          const { status } = await client.patch(`/campaigns/${campaignId}/markets/${market._id}`, {
            city: `${name} ${turn}`,
          });
          expect(status).toBe(200);
        }
      });
      await Promise.all(writes);
      await until(puts, count => count > before + 3);
      await service.stop('SIGKILL');

      // Killed again as soon as it sends what the last one left.
      const left = puts();
      await start();
      await until(puts, count => count > left);
      await service.stop('SIGKILL');
      kinesis.proxy.meddle(() => undefined);
      await start();
    }

    const history = await until(
      () => historyOf(campaignId),
      changes => changes.length === 1 + MARKETS * (1 + moments.length * UPDATES),
    );
    const delivered = await until(
      async () => (await kinesis.read(STREAM)).map(({ data }) => data as Change),
      changes => idsOf(changes).length >= history.length,
    );
    expect(idsOf(delivered)).toEqual(idsOf(history));
    const versions = new Map(
      history.map(({ changeId, documentId, version }) => [changeId, `${documentId} ${version}`]),
    );
    for (const { changeId, documentId, version } of delivered) {
      expect(versions.get(changeId)).toBe(`${documentId} ${version}`);
    }
    for (const { _id } of markets) {
      const seen = [...new Set(delivered.filter(one => one.documentId === _id).map(({ version }) => version))];
      expect(seen).toEqual(Array.from({ length: 1 + moments.length * UPDATES }, (_none, at) => at + 1));
    }
    // What was in the stream already when the answer was lost came again, under the same id.
    expect(delivered.length).toBeGreaterThan(history.length);
  });
});
