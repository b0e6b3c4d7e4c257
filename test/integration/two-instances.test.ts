import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INVALIDATION_CHANNEL } from '../../app/services/cache/invalidations.ts';
import { type Campaign } from '../../schemas/campaign.ts';
import { type TestApp, startTestApp } from '../support/app.ts';
import { buildPromoter, createOpenCampaign } from '../support/factories.ts';
import { type RedisServer, startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

interface Health {
  readonly ready: boolean;
  readonly dependencies: readonly { readonly name: string; readonly ok: boolean; readonly optional?: boolean }[];
}

const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

/** How long instances would remember without Redis: longer than any test. */
const FOR_EVER = '3600000';

describe('two instances with Redis between them', () => {
  let redis: RedisServer;
  let replica: RedisServer;
  let first: TestApp;
  let second: TestApp;

  const redisOf = ({ client }: TestApp): Promise<readonly Health['dependencies'][number][]> =>
    client
      .get<Health>('/health/ready')
      .then(({ data }) => data.dependencies.filter(({ name }) => name.startsWith('redis')));
  const whenRedisIs = (ok: boolean) =>
    until(
      async () => [...(await redisOf(first)), ...(await redisOf(second))],
      dependencies => dependencies.every(one => one.ok === ok),
    );

  beforeAll(async () => {
    process.on('unhandledRejection', onRejection);
    redis = await startRedisServer();
    replica = await startRedisServer({ replicaOf: redis });
    const variables = { REDIS_URL: redis.url, REDIS_REPLICA_URL: replica.url, CAMPAIGN_CACHE_TTL_MS: FOR_EVER };
    first = await startTestApp({ variables });
    // One process holds an embedded store, so each has a database of its own: what they share came through Redis.
    second = await startTestApp({ variables });
    await whenRedisIs(true);
  });
  afterAll(async () => {
    await first.stop();
    await second.stop();
    await replica.stop();
    await redis.stop();
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  /** Has the second instance remember a campaign of the first. */
  const remember = async (test: TestApp, document: { readonly _id: string }): Promise<void> => {
    const found = await first.app.datastores.campaigns.findById(document._id);
    if (found === null) throw new Error('It was just made.');
    test.app.services.campaignCache.put(found);
  };

  it('hear of each other what was written, and forget it', async () => {
    const campaign = await createOpenCampaign(first.client);
    await remember(second, campaign);
    expect(second.app.services.campaignCache.peek(campaign._id)?.document.version).toBe(campaign.version);
    await first.client.patch<Campaign>(`/campaigns/${campaign._id}`, { tour: { name: 'Winter' } });
    await until(
      () => second.app.services.campaignCache.peek(campaign._id),
      known => known === undefined,
    );
    // The one that wrote shows what it wrote.
    expect((await first.client.get<Campaign>(`/campaigns/${campaign._id}`)).data.tour?.name).toBe('Winter');
  });

  it('share promoters, under their key, and keep no older one than was written', async () => {
    const { data: made } = await first.client.post<{ _id: string; name: string }>('/promoters', buildPromoter());
    await until(
      () => redis.client.get(`promoter:${made._id}`),
      text => text !== null,
    );
    await until(
      () => replica.client.get(`promoter:${made._id}`),
      text => text !== null,
    );
    expect((await second.client.get<typeof made>(`/promoters/${made._id}`)).data).toEqual(made);
    await first.client.patch(`/promoters/${made._id}`, { name: `${made.name} again` });
    const renamed = await until(
      () => second.client.get<typeof made>(`/promoters/${made._id}`),
      ({ status, text }) => status === 200 && text.includes('again'),
    );
    expect(renamed.data.name).toBe(`${made.name} again`);
    await first.client.delete(`/promoters/${made._id}`);
    await until(
      () => second.client.get(`/promoters/${made._id}`),
      ({ status }) => status === 404,
    );
  });

  it('show no older promoter although the replica lags', async () => {
    const { data: made } = await first.client.post<{ _id: string; name: string }>('/promoters', buildPromoter());
    await until(
      () => replica.client.get(`promoter:${made._id}`),
      text => text !== null,
    );
    expect((await second.client.get(`/promoters/${made._id}`)).status).toBe(200);
    await replica.client.replicaof('NO', 'ONE');
    await first.client.patch(`/promoters/${made._id}`, { name: `${made.name} again` });
    const shown = await until(
      () => second.client.get<typeof made>(`/promoters/${made._id}`),
      ({ text }) => text.includes('again'),
    );
    expect(shown.status).toBe(200);
    await replica.client.replicaof('127.0.0.1', redis.port);
    await until(
      () => replica.client.get(`promoter:${made._id}`),
      text => text?.includes('again') === true,
    );
  });

  it('make nothing of a message that is none of theirs', async () => {
    // A campaign of its own: no late word of the other instance has it forgotten.
    const { _id: documentId } = await createOpenCampaign(second.client);
    await second.client.get(`/campaigns/${documentId}`);
    const sign = (item: unknown): string => JSON.stringify({ from: 'x', items: [item] });
    for (const message of [
      'text',
      '{}',
      '{"from":"x","items":{}}',
      sign({ collection: 'users', documentId, version: 9 }),
      sign({ collection: 'campaigns', documentId: { $ne: null }, version: 9 }),
    ]) {
      await redis.client.publish(INVALIDATION_CHANNEL, message);
    }
    await until(
      async () => (await second.app.metrics.scrape()).text,
      text => text.includes('instance_messages_total{topic="invalidations",outcome="refused"} 5'),
    );
    expect(second.logs.some(({ message }) => message === 'messages.refused')).toBe(true);
    expect(second.app.services.campaignCache.peek(documentId)).toBeDefined();
  });

  it.each(['killed', 'frozen'] as const)(
    'work on while Redis is %s: ready, writing, reading, and together again after',
    async how => {
      const campaign = await createOpenCampaign(first.client);
      for (const server of [replica, redis]) await (how === 'killed' ? server.kill() : server.freeze());
      const promoters: string[] = [];
      for (let at = 0; at < 20; at += 1) {
        const { status } = await first.client.patch(`/campaigns/${campaign._id}`, { tour: { name: `Night ${at}` } });
        const { data } = await first.client.post<{ _id: string }>('/promoters', buildPromoter());
        promoters.push(data._id);
        expect([status, (await first.client.get(`/promoters/${data._id}`)).status]).toEqual([200, 200]);
      }
      await whenRedisIs(false);
      const { data: health } = await first.client.get<Health>('/health/ready');
      expect(health).toMatchObject({ ready: true });
      expect(health.dependencies).toContainEqual(expect.objectContaining({ name: 'redis', ok: false, optional: true }));
      for (const server of [redis, replica]) await (how === 'killed' ? server.restart() : server.thaw());
      await whenRedisIs(true);
      // What was written meanwhile is there for the others, too.
      for (const id of promoters) {
        await until(
          () => redis.client.get(`promoter:${id}`),
          text => text !== null,
        );
      }
      await remember(second, campaign);
      await until(
        async () => {
          await first.client.patch(`/campaigns/${campaign._id}`, { tour: { name: `Night ${Math.random()}` } });
          return second.app.services.campaignCache.peek(campaign._id);
        },
        known => known === undefined,
      );
      expect(rejections).toEqual([]);
    },
  );

  it('tell what they do with the cache in their metrics', async () => {
    const { text } = await first.app.metrics.scrape();
    expect(text).toMatch(/cache_reads_total\{tier="local",outcome="hit"\} \d+/);
  });
});

describe('an instance whose Redis is not there', () => {
  it('starts all the same, and stops in good order', async () => {
    const test = await startTestApp({ variables: { REDIS_URL: 'redis://user:secret@127.0.0.1:1' } });
    const { data } = await test.client.get<Health>('/health/ready');
    expect(data.ready).toBe(true);
    await until(
      () => test.logs.filter(({ message }) => message === 'redis.away').length,
      count => count >= 2,
    );
    expect(JSON.stringify(test.logs)).not.toContain('secret');
    expect(await test.stop()).toBe(0);
  });
});
