import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { businessRoutes } from '../../app/router/routes.ts';
import { awsVariables } from '../support/aws-proxy.ts';
import { type Client, createClient } from '../support/client.ts';
import { createCampaign } from '../support/factories.ts';
import { startKinesis, type TestKinesis } from '../support/kinesis.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const STREAM = 'campaign-changes';
const CAMPAIGNS = 5;
const UPDATES = 12;

interface Change {
  readonly changeId: string;
  readonly documentId: string;
  readonly version: number;
}

describeStores('deliveries of a service that is killed', target => {
  let kinesis: TestKinesis;
  let directory: string;
  let opened: OpenStore | undefined;
  let variables: Record<string, string>;
  const services: ServiceProcess[] = [];

  beforeAll(async () => {
    kinesis = await startKinesis();
  });
  afterAll(() => kinesis.stop());
  let round = 0;
  let stream = STREAM;
  beforeEach(async () => {
    stream = `${STREAM}-${(round += 1)}`;
    await kinesis.createStream(stream);
    directory = await mkdtemp(path.join(tmpdir(), 'deliveries-kill-'));
    opened = target.kind === 'mongodb' ? await target.open() : undefined;
    const [host = '', database = ''] = opened?.store.location.split('/') ?? [];
    const { MONGODB_TEST_URI: named = '' } = process.env;
    variables = {
      ...awsVariables,
      AWS_REGION: 'us-east-1',
      KINESIS_ENDPOINT: kinesis.endpoint,
      KINESIS_CAMPAIGN_STREAM: stream,
      CHANGES_SWEEP_INTERVAL_MS: '100',
      CHANGES_SWEEP_AGE_MS: '0',
      DELIVERIES_POLL_INTERVAL_MS: '50',
      DELIVERIES_LEASE_SECONDS: '1',
      // Small batches, so that a backlog takes many.
      DELIVERIES_MAX_WAITING: '4',
      DELIVERIES_MAX_IN_FLIGHT: '1',
      ...(opened === undefined
        ? { DATA_DIR: directory }
        : {
            MONGODB_URI: named.includes(host) ? named : `mongodb://${host}/?directConnection=true`,
            MONGODB_DATABASE: database,
          }),
    };
  });
  afterEach(async () => {
    kinesis.proxy.meddle(() => undefined);
    for (const service of services.splice(0)) await service.stop('SIGKILL');
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (): Promise<{ service: ServiceProcess; client: Client }> => {
    const service = startServiceProcess(variables);
    services.push(service);
    const url = await service.started;
    return { service, client: createClient({ url, routes: businessRoutes }, createSupremeToken()) };
  };

  /** Makes campaigns and updates each; gives the ids of the campaigns. What a killed service did not answer is left. */
  const write = async (client: Client): Promise<string[]> => {
    const campaigns = await Promise.all(Array.from({ length: CAMPAIGNS }, () => createCampaign(client)));
    await Promise.all(
      campaigns.map(async ({ _id }) => {
        try {
          for (let turn = 1; turn <= UPDATES; turn += 1) {
            await client.patch(`/campaigns/${_id}`, { tour: { name: `turn ${turn}` } });
          }
        } catch (error) {
          // The connection broke. `fetch` has classes of errors of its own.
          if ((error as Error).name !== 'TypeError') throw error;
        }
      }),
    );
    return campaigns.map(({ _id }) => _id);
  };

  const arrived = async (): Promise<Change[]> => (await kinesis.read(stream)).map(({ data }) => data as Change);

  /** Every change that history has arrived, under its own id, first in the order of versions; and nothing else did. */
  const expectAll = async (client: Client, campaignIds: readonly string[]): Promise<Change[]> => {
    const history = await Promise.all(
      campaignIds.map(async id => {
        const { data } = await client.get<Change[]>(`/campaigns/${id}/history`, { query: { pageSize: 100 } });
        return data.map(({ changeId, documentId, version }) => ({ changeId, documentId, version })).reverse();
      }),
    );
    const expected = history.flat();
    const changes = await until(arrived, found => new Set(found.map(one => one.changeId)).size >= expected.length);
    for (const [at, id] of campaignIds.entries()) {
      const first = new Map<string, Change>();
      for (const { changeId, documentId, version } of changes) {
        if (documentId === id && !first.has(changeId)) first.set(changeId, { changeId, documentId, version });
      }
      expect([...first.values()]).toEqual(history[at]);
    }
    expect(new Set(changes.map(one => one.changeId)).size).toBe(expected.length);
    return changes;
  };

  it('between the write and the delivery come when it is back', async () => {
    kinesis.proxy.meddle(() => 'hang');
    const { service, client } = await start();
    const ids = await write(client);
    expect(await arrived()).toEqual([]);
    await service.stop('SIGKILL');
    kinesis.proxy.meddle(() => undefined);
    await expectAll((await start()).client, ids);
  }, 120_000);

  it('in the middle of a batch come again, under the same id', async () => {
    const { service, client } = await start();
    let batches = 0;
    kinesis.proxy.meddle(({ action, body }) => {
      if (action !== 'PutRecords' || (batches += 1) !== 4) return undefined;
      // The stream has the batch; the service is dead before it can know.
      return { body, answer: answer => (void service.stop('SIGKILL'), answer) };
    });
    const ids = await write(client);
    await service.ended;
    const before = await arrived();
    kinesis.proxy.meddle(() => undefined);
    const changes = await expectAll((await start()).client, ids);
    const again = changes.slice(before.length).filter(one => before.some(({ changeId }) => changeId === one.changeId));
    expect(again.length).toBeGreaterThan(0);
  }, 120_000);

  it('while it works off what a crash left come when it is back', async () => {
    kinesis.proxy.meddle(() => 'hang');
    const { service, client } = await start();
    const ids = await write(client);
    await service.stop('SIGKILL');
    for (const batchesToLive of [2, 5]) {
      let batches = 0;
      const next = startServiceProcess(variables);
      services.push(next);
      kinesis.proxy.meddle(({ action }) => {
        if (action === 'PutRecords' && (batches += 1) === batchesToLive) void next.stop('SIGKILL');
        return undefined;
      });
      await next.started;
      await next.ended;
    }
    kinesis.proxy.meddle(() => undefined);
    await expectAll((await start()).client, ids);
  }, 120_000);
});
