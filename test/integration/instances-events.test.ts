import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createId } from '../../lib/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Answer, type ChannelClient } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { describeInstances, type Instances } from '../support/instances.ts';
import { createUserToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const LIFE = ['campaign:update:v1:requested', 'campaign:update:v1:started', 'campaign:update:v1:success'];
const CHANNEL = 'nexus:campaign:update';
const RECEIVED = 'instance_messages_total{topic="events",outcome="received"}';
const REFUSED = 'instance_messages_total{topic="events",outcome="refused"}';

describeInstances('two instances with Redis between them', {}, select => {
  let campaignId: string;
  let instances: Instances;

  beforeEach(async () => {
    instances = select();
    ({ _id: campaignId } = await createCampaign(instances.first.client));
  });

  /** Waits until an instance knows whether the other one listens. */
  const whenKnown = ({ app }: TestApp, isHeard: boolean): Promise<unknown> =>
    until(
      () => app.realtime?.presence.isHeard('campaign', 'update'),
      is => is === isHeard,
    );
  const listen = async (to: TestApp, token?: string): Promise<ChannelClient> => {
    const client = await instances.connect(to, token);
    const { payload } = await client.ask('nexus:subscribe', { types: ['campaign:*'] });
    expect(payload.error).toBeUndefined();
    await whenKnown(to === instances.first ? instances.second : instances.first, true);
    return client;
  };
  const update = (client: ChannelClient, updates: object, envelope = {}): Promise<Answer> =>
    client.ask('campaign:update', { campaignId, updates }, envelope);
  /** The types of what a listener heard of the requests of an event id. */
  const heardOf = ({ events }: ChannelClient, eventId: string): string[] =>
    events.filter(event => event.eventId === eventId || event.causeId === eventId).map(({ type }) => type);
  const whenHeard = (listener: ChannelClient, eventId: string): Promise<string[]> =>
    until(
      () => heardOf(listener, eventId),
      types => types.length >= LIFE.length,
    );

  describe('hear of each other', () => {
    it('what happens, just as it is heard where it happens', async () => {
      const { first, second, connect } = instances;
      const [here, there] = [await listen(first), await listen(second)];
      const eventId = randomUUID();
      await update(await connect(first), { title: 'New' }, { eventId });
      for (const listener of [here, there]) expect(await whenHeard(listener, eventId)).toEqual(LIFE);
      expect(there.events).toEqual(here.events);
      expect(Object.keys(there.events[0] ?? {}).sort()).toEqual([
        'eventId',
        'metadata',
        'payload',
        'timestamp',
        'type',
      ]);
    });

    it('nothing that nobody listens to', async () => {
      const { first, second, connect, readCounter } = instances;
      const sent = 'instance_messages_total{topic="events",outcome="sent"}';
      const listener = await listen(second);
      listener.close();
      const writer = await connect(first);
      await whenKnown(first, false);
      const before = await readCounter(first, sent);
      await update(writer, { a: 1 });
      const again = await listen(second);
      const eventId = randomUUID();
      await update(writer, { a: 2 }, { eventId });
      expect(await whenHeard(again, eventId)).toEqual(LIFE);
      expect([again.events.length, await readCounter(first, sent)]).toEqual([3, before + 3]);
    });

    it('nothing that is not for them', async () => {
      const { first, second, redis, connect } = instances;
      const told: string[] = [];
      const spy = redis.client.duplicate();
      spy.on('pmessage', (_pattern, channel) => void told.push(channel));
      await spy.psubscribe('nexus:*');
      const stranger = await listen(second, createUserToken({ [createId()]: ['read'] }, 'ann'));
      const reader = await listen(second, createUserToken({ [campaignId]: ['read'] }, 'bob'));
      const writer = await connect(first);
      // Questions, their answers, and what was not admitted are nobody else's business.
      await writer.ask('campaign:subscribe', { campaignId });
      await writer.ask('campaign:state', { campaignId });
      await writer.ask('auth:refresh', { token: 'x' });
      await update(await connect(first, createUserToken({ [campaignId]: ['read'] }, 'bob')), { title: 'No' });
      const eventId = randomUUID();
      await update(writer, { title: 'New' }, { eventId });
      await whenHeard(reader, eventId);
      expect(told).toEqual([CHANNEL, CHANNEL, CHANNEL]);
      expect([stranger.events, reader.events.length]).toEqual([[], 3]);
      spy.disconnect();
    });

    it('once what a client sends to one after the other, and at the same time', async () => {
      const { first, second, redis, connect } = instances;
      const told: string[] = [];
      const spy = redis.client.duplicate();
      spy.on('message', (_channel, text) => void told.push(text));
      await spy.subscribe(CHANNEL);
      const listeners = [await listen(first), await listen(second)];
      const writers = [await connect(first), await connect(second)];
      const ids = [randomUUID(), randomUUID()];
      for (const writer of writers) await update(writer, { a: 1 }, { eventId: ids[0] });
      const answers = await Promise.all(writers.map(writer => update(writer, { a: 2 }, { eventId: ids[1] })));
      expect(answers.map(({ type }) => type)).toEqual(Array(2).fill('campaign:update:v1:success'));
      const last = randomUUID();
      await update(writers[0]!, { a: 3 }, { eventId: last });
      for (const listener of listeners) {
        await whenHeard(listener, last);
        for (const eventId of ids) expect(heardOf(listener, eventId).sort()).toEqual([...LIFE].sort());
      }
      // Whichever instance was first has told it.
      for (const eventId of ids) expect(told.filter(text => text.includes(eventId ?? ''))).toHaveLength(LIFE.length);
      spy.disconnect();
    });

    it('what cannot be remembered as told', async () => {
      const { first, second, redis, connect } = instances;
      const listener = await listen(second);
      await redis.client.config('SET', 'maxmemory', '1');
      const eventId = randomUUID();
      await update(await connect(first), { a: 1 }, { eventId });
      expect(await whenHeard(listener, eventId)).toEqual(LIFE);
      await redis.client.config('SET', 'maxmemory', '0');
    });

    it('nothing of what no instance can have told, and nothing twice', async () => {
      const { second, redis, readCounter } = instances;
      const listener = await listen(second);
      const writer = await instances.connect(second);
      await update(writer, { a: 0 });
      await until(
        () => listener.events.length,
        count => count === 3,
      );
      const event = { ...listener.events[0], eventId: randomUUID() };
      const sign = (item: unknown): string => JSON.stringify({ from: 'x', items: [item] });
      const good = sign({ key: randomUUID(), event });
      const bad = [
        'text',
        '{"from":"x"}',
        sign(event),
        sign({ key: 'k', event: { ...event, type: 'campaign:update' } }),
        sign({ key: 'k', event: { ...event, payload: [] } }),
        sign({ key: 'k', event: { ...event, more: 1 } }),
        sign({ key: 'k', event: { ...event, metadata: { campaign: 7 } } }),
        sign({ key: 'x'.repeat(2_000), event }),
      ];
      const before = [await readCounter(second, RECEIVED), await readCounter(second, REFUSED)];
      for (const text of [...bad, good, good, good]) await redis.client.publish(CHANNEL, text);
      await until(
        async () => [await readCounter(second, RECEIVED), await readCounter(second, REFUSED)],
        ([received = 0, refused = 0]) => received === before[0]! + 3 && refused === before[1]! + bad.length,
      );
      await update(writer, { a: 1 });
      await until(
        () => listener.events.length,
        count => count === 7,
      );
      expect(listener.events[3]).toEqual(event);
    });
  });

  it.each(['killed', 'frozen'] as const)(
    'answer and tell their own while Redis is %s, and each other after',
    async how => {
      const { first, second, redis, connect, whenConnected } = instances;
      const [here, there] = [await listen(first), await listen(second)];
      const writer = await connect(first);
      if (how === 'killed') await redis.kill();
      else redis.freeze();
      const ids = Array.from({ length: 20 }, () => randomUUID());
      for (const eventId of ids) {
        const answer = await update(writer, { eventId }, { eventId });
        expect(answer).toMatchObject({ type: 'campaign:update:v1:success', causeId: eventId });
      }
      await whenConnected(false);
      for (const eventId of ids) expect(await whenHeard(here, eventId)).toEqual(LIFE);
      const health = await writer.ask('campaign:health');
      expect(health.payload).toMatchObject({ ready: true, instances: { isConnected: false } });
      if (how === 'killed') await redis.restart();
      else redis.thaw();
      await whenConnected(true);
      await whenKnown(first, true);
      const eventId = randomUUID();
      await update(writer, { after: true }, { eventId });
      expect(await whenHeard(there, eventId)).toEqual(LIFE);
      expect((await writer.ask('nexus:health')).payload).toMatchObject({ instances: { isConnected: true, others: 1 } });
    },
  );

  it('count the subscribers of both, those that come and go, and those of an instance that stops', async () => {
    const { first, second, redis, connect, whenConnected } = instances;
    const count = (at: TestApp): number | undefined => at.app.realtime?.presence.countSubscribers(campaignId);
    const whenCounted = async (expected: number): Promise<void> => {
      for (const at of [first, second]) {
        await until(
          () => count(at),
          found => found === expected,
        );
      }
    };
    const subscribe = async (to: TestApp): Promise<ChannelClient> => {
      const client = await connect(to);
      await client.ask('campaign:subscribe', { campaignId });
      return client;
    };
    const watched: (number | undefined)[] = [];
    const end = first.app.realtime?.presence.watch(campaignId, () => watched.push(count(first)));
    await subscribe(first);
    const leaver = await subscribe(second);
    await whenCounted(2);
    await subscribe(second);
    await whenCounted(3);
    leaver.close();
    await whenCounted(2);
    expect(watched).toEqual([1, 2, 3, 2]);
    end?.();
    await redis.restart();
    await subscribe(second);
    await whenConnected(true);
    await whenCounted(3);

    const third = await startTestApp({ variables: { REDIS_URL: redis.url }, over: first });
    await subscribe(third);
    await until(
      () => count(third),
      found => found === 4,
    );
    await whenCounted(4);
    await third.stop();
    await whenCounted(3);
    expect(first.app.realtime?.presence.otherInstances).toBe(1);
  });
});
