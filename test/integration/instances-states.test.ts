import { beforeEach, expect, it } from '@jest/globals';
import { NEWS_CHANNEL } from '../../app/realtime/state-news.ts';
import { createId } from '../../lib/ids.ts';
import { type TestApp } from '../support/app.ts';
import { type ChannelClient } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { describeInstances, selectVersions } from '../support/instances.ts';
import { until } from '../support/until.ts';

/** Longer than any test. */
const NEVER = '3600000';
const takenFrom = (source: string): string => `state_documents_taken_total{from="${source}"}`;
const RECEIVED = 'instance_messages_total{topic="stateNews",outcome="received"}';

/** What a subscriber of a state at version 1 has seen when it has seen everything up to a version. */
const all = (version: number): number[] => [-1, ...Array.from({ length: version - 1 }, (_none, at) => at + 2)];

const update = async (client: ChannelClient, campaignId: string, updates: object): Promise<number> => {
  const { payload } = await client.ask('campaign:update', { campaignId, updates });
  if (typeof payload['version'] !== 'number') throw new Error(JSON.stringify(payload));
  return payload['version'];
};
const whenSeen = (subscriber: ChannelClient, version: number): Promise<number[]> =>
  until(
    () => selectVersions(subscriber),
    versions => versions.at(-1) === version,
  );

describeInstances(
  'live states of two instances that only news connects',
  { CAMPAIGN_STATE_POLL_MS: NEVER, CAMPAIGN_STATE_POLL_REDIS_MS: NEVER },
  select => {
    let campaignId: string;
    const subscribe = async (to: TestApp): Promise<ChannelClient> => {
      const client = await select().connect(to);
      await client.ask('campaign:subscribe', { campaignId });
      return client;
    };
    beforeEach(async () => {
      ({ _id: campaignId } = await createCampaign(select().first.client));
    });

    it('reach the subscribers of either, each version once and in order, whoever writes', async () => {
      const { first, second, connect } = select();
      const subscribers = [await subscribe(first), await subscribe(second)];
      const writers = [await connect(first), await connect(second)];
      const versions = await Promise.all(
        Array.from({ length: 60 }, (_none, at) => update(writers[at % 2]!, campaignId, { [`k${at % 5}`]: at })),
      );
      expect(versions.sort((a, b) => a - b)).toEqual(all(61).slice(1));
      for (const subscriber of subscribers) expect(await whenSeen(subscriber, 61)).toEqual(all(61));
      const states = await Promise.all(writers.map(writer => writer.ask('campaign:state', { campaignId })));
      expect(states[0]?.payload['state']).toEqual(states[1]?.payload['state']);
    });

    it('come with the news, and nobody reads them from the journal', async () => {
      const { first, second, connect, readCounter } = select();
      const subscriber = await subscribe(second);
      const writer = await connect(first);
      // The others must have heard that somebody follows, and whoever tells first has to read the key.
      await until(
        () => first.app.realtime?.presence.isFollowedElsewhere(campaignId),
        isFollowed => isFollowed === true,
      );
      let version = 1;
      await until(
        async () => {
          version = await update(writer, campaignId, { version });
          await whenSeen(subscriber, version);
          return readCounter(second, takenFrom('news'));
        },
        count => count > 0,
      );
      const before = await readCounter(second, takenFrom('journal'));
      const last = version + 20;
      while (version < last) version = await update(writer, campaignId, { version });
      expect(await whenSeen(subscriber, last)).toEqual(all(last));
      expect(await readCounter(second, takenFrom('journal'))).toBe(before);
      const state = await subscriber.ask('campaign:state', { campaignId });
      expect(state.payload['state']).toEqual((await writer.ask('campaign:state', { campaignId })).payload['state']);
    });

    it('are not moved by news that comes twice, comes late, is false or is none', async () => {
      const { first, second, redis, connect, readCounter } = select();
      const subscriber = await subscribe(second);
      const writer = await connect(first);
      const told: string[] = [];
      const listener = redis.client.duplicate();
      listener.on('message', (_channel, text) => void told.push(text));
      await listener.subscribe(NEWS_CHANNEL);
      for (let version = 2; version <= 4; version += 1) {
        expect(await update(writer, campaignId, { version })).toBe(version);
        await whenSeen(subscriber, version);
      }
      await until(
        () => told.length,
        count => count === 3,
      );
      listener.disconnect();
      const refused = 'instance_messages_total{topic="stateNews",outcome="refused"}';
      const before = [await readCounter(second, RECEIVED), await readCounter(second, refused)];
      const sign = (item: unknown): string => JSON.stringify({ from: 'x', items: [item] });
      const changeId = createId();
      const [last] = (JSON.parse(told.at(-1) ?? '') as { items: Record<string, unknown>[] }).items;
      // Just what comes next, but for the mark.
      const changes = [[createId(), '{"forged":true}', 'update', 'somebody', Date.now(), '']];
      const content = JSON.stringify({ id: changeId, campaignId, from: 5, previousId: last?.['changeId'], changes });
      const forged = ['', 'A'.repeat(43) + '=', last?.['mark'] ?? ''].map(mark => {
        return sign({ campaignId, version: 5, changeId, content, mark });
      });
      const good = [
        ...told.reverse(),
        ...forged,
        sign({ campaignId, version: 4, changeId }),
        sign({ campaignId, version: 9_000, changeId }),
        sign({ campaignId: createId(), version: 5, changeId }),
      ];
      const bad = ['', 'x'.repeat(100_000), '[]', sign(null), sign({ campaignId, version: 0, changeId })];
      for (const text of [...good, ...bad, sign({ campaignId, version: '5', changeId })]) {
        await redis.client.publish(NEWS_CHANNEL, text);
      }
      await until(
        async () => [await readCounter(second, RECEIVED), await readCounter(second, refused)],
        ([received = 0, strange = 0]) =>
          received === before[0]! + good.length && strange === before[1]! + bad.length + 1,
      );
      expect(await update(writer, campaignId, { last: true })).toBe(5);
      expect(await whenSeen(subscriber, 5)).toEqual(all(5));
    });

    it.each(['killed', 'frozen', 'flushed'] as const)(
      'lose nothing while Redis is %s, and are together again when it is back, though nothing more is written',
      async how => {
        const { first, second, redis, connect, whenConnected } = select();
        const subscriber = await subscribe(second);
        const writer = await connect(first);
        for (let version = 2; version <= 10; version += 1) await update(writer, campaignId, { version });
        if (how === 'killed') await redis.kill();
        else if (how === 'frozen') redis.freeze();
        else await redis.client.flushall();
        // Whoever writes waits for none of it.
        for (let version = 11; version <= 30; version += 1) {
          expect(await update(writer, campaignId, { version })).toBe(version);
        }
        if (how !== 'flushed') await whenConnected(false);
        for (let version = 31; version <= 40; version += 1) await update(writer, campaignId, { version });
        if (how === 'killed') await redis.restart();
        else if (how === 'frozen') redis.thaw();
        await whenConnected(true);
        expect(await whenSeen(subscriber, 40)).toEqual(all(40));
        for (let version = 41; version <= 45; version += 1) await update(writer, campaignId, { version });
        expect(await whenSeen(subscriber, 45)).toEqual(all(45));
      },
    );
  },
);

describeInstances(
  'live states of two instances whose Redis is away',
  { CAMPAIGN_STATE_POLL_MS: '50', CAMPAIGN_STATE_POLL_REDIS_MS: NEVER },
  select => {
    it('reach the subscribers of the other one all the same', async () => {
      const { first, second, redis, connect, whenConnected, readCounter } = select();
      const { _id: campaignId } = await createCampaign(first.client);
      const [subscriber, writer] = [await connect(second), await connect(first)];
      await subscriber.ask('campaign:subscribe', { campaignId });
      await redis.kill();
      await whenConnected(false);
      const received = await readCounter(second, RECEIVED);
      for (let version = 2; version <= 20; version += 1) {
        await update(writer, campaignId, { version });
        if (version % 5 === 0) await whenSeen(subscriber, version);
      }
      expect(await whenSeen(subscriber, 20)).toEqual(all(20));
      expect(await readCounter(second, RECEIVED)).toBe(received);
    });
  },
);
