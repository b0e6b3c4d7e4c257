import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { businessRoutes } from '../../app/router/routes.ts';
import { type Campaign } from '../../schemas/campaign.ts';
import { type Market } from '../../schemas/market.ts';
import { type Client, createClient } from '../support/client.ts';
import { buildPromoter, createCampaign, createMarket } from '../support/factories.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const ROUNDS = 3;
const WRITERS = 4;
/** How much is written in a round before the service is killed in the midst of the rest. */
const WRITES = 30;

interface Change {
  readonly documentId: string;
  readonly version: number;
}

/** What the service has answered for: nothing of it may be lost. */
interface Acknowledged {
  /** Market → the last population that was answered. */
  readonly populations: Map<string, number>;
  readonly promoterIds: string[];
  campaignVersion: number;
}

describeStores('a service that is killed under a load of writes', target => {
  let directory: string;
  let opened: OpenStore | undefined;
  let variables: Record<string, string>;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'kill-service-'));
    opened = target.kind === 'mongodb' ? await target.open() : undefined;
    const [host = '', database = ''] = opened?.store.location.split('/') ?? [];
    const { MONGODB_TEST_URI: named = '' } = process.env;
    variables = {
      CHANGES_SWEEP_INTERVAL_MS: '100',
      CHANGES_SWEEP_AGE_MS: '0',
      ...(opened === undefined
        ? { DATA_DIR: directory }
        : {
            MONGODB_URI: named.includes(host) ? named : `mongodb://${host}/?directConnection=true`,
            MONGODB_DATABASE: database,
          }),
    };
  });
  afterAll(async () => {
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (): Promise<{ service: ServiceProcess; client: Client }> => {
    const service = startServiceProcess(variables);
    const url = await service.started;
    return { service, client: createClient({ url, routes: businessRoutes }, createSupremeToken()) };
  };

  /** Writes one after the other, and notes what was answered, until the service is gone. */
  const write = async (client: Client, campaignId: string, marketId: string, noted: Acknowledged): Promise<void> => {
    const begin = noted.populations.get(marketId) ?? 0;
    try {
      for (let population = begin + 1; ; population++) {
        await client.patch(`/campaigns/${campaignId}/markets/${marketId}`, { population });
        noted.populations.set(marketId, population);
        const made = await client.post<{ _id: string }>('/promoters', buildPromoter(), {
          headers: { 'idempotency-key': randomUUID() },
        });
        noted.promoterIds.push(made.data._id);
        const { data } = await client.patch<Campaign>(`/campaigns/${campaignId}`, { tour: { name: randomUUID() } });
        noted.campaignVersion = Math.max(noted.campaignVersion, data.version);
      }
    } catch (error) {
      // The connection broke; anything else is a fault of the service. `fetch` has classes of errors of its own.
      if ((error as Error).name !== 'TypeError') throw error;
    }
  };

  const historyOf = async (client: Client, campaignId: string): Promise<Change[]> => {
    const changes: Change[] = [];
    for (let page = 0; ; page++) {
      const { data } = await client.get<Change[]>(`/campaigns/${campaignId}/history`, {
        query: { page, pageSize: 100 },
      });
      changes.push(...data);
      if (data.length < 100) return changes;
    }
  };

  const versionsOf = (changes: readonly Change[], documentId: string): number[] =>
    changes.flatMap(change => (change.documentId === documentId ? [change.version] : [])).sort((a, b) => a - b);

  it(`has all that it acknowledged when it is back, ${ROUNDS} times over`, async () => {
    let { service, client } = await start();
    const { _id: campaignId } = await createCampaign(client);
    const noted: Acknowledged = { populations: new Map(), promoterIds: [], campaignVersion: 1 };
    for (let at = 0; at < WRITERS; at++) noted.populations.set((await createMarket(client, campaignId))._id, 0);

    for (let round = 0; round < ROUNDS; round++) {
      const before = noted.promoterIds.length;
      const writers = [...noted.populations.keys()].map(marketId => write(client, campaignId, marketId, noted));
      await until(
        () => noted.promoterIds.length - before,
        count => count >= WRITES,
      );
      await service.stop('SIGKILL');
      await Promise.all(writers);

      ({ service, client } = await start());
      const documents: { readonly _id: string; readonly version: number }[] = [];
      const campaign = (await client.get<Campaign>(`/campaigns/${campaignId}`)).data;
      expect(campaign.version).toBeGreaterThanOrEqual(noted.campaignVersion);
      documents.push(campaign);
      for (const [marketId, acknowledged] of noted.populations) {
        const market = (await client.get<Market>(`/campaigns/${campaignId}/markets/${marketId}`)).data;
        // The write that was under way may have been done.
        expect([acknowledged, acknowledged + 1]).toContain(market.population ?? 0);
        noted.populations.set(marketId, market.population ?? 0);
        documents.push(market);
      }
      for (const id of noted.promoterIds.slice(before)) expect((await client.get(`/promoters/${id}`)).status).toBe(200);

      // The sweep records what the crash left in the documents: every version of each, once.
      const expected = documents.map(({ version }) => Array.from({ length: version }, (_none, at) => at + 1));
      const recorded = await until(
        async () => {
          const changes = await historyOf(client, campaignId);
          return documents.map(({ _id }) => versionsOf(changes, _id));
        },
        versions => versions.every((found, at) => found.length >= (expected[at]?.length ?? 0)),
      );
      expect(recorded).toEqual(expected);
    }
    expect((await service.stop('SIGTERM')).code).toBe(0);
  }, 120_000);
});

describe('a second instance', () => {
  it('is not let in while the first has the folder, and is as soon as the first is killed', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'kill-service-'));
    const variables = { DATA_DIR: directory };
    const first = startServiceProcess(variables);
    await first.started;
    expect((await startServiceProcess(variables).ended).code).toBe(3);
    await first.stop('SIGKILL');
    const second = startServiceProcess(variables);
    await second.started;
    expect((await second.stop('SIGTERM')).code).toBe(0);
    await rm(directory, { recursive: true });
  }, 60_000);
});
