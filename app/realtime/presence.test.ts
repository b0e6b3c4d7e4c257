import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedisServer } from '../../test/support/redis.ts';
import { until } from '../../test/support/until.ts';
import { createId } from '../../lib/ids.ts';
import { silentLog } from '../../lib/log.ts';
import { createInstanceMessages } from '../services/redis/instance-messages.ts';
import { createRedisServers } from '../services/redis/servers.ts';
import { createPresence, type Presence, PRESENCE_CHANNEL, type PresenceOptions } from './presence.ts';

/** Longer than any test. */
const NEVER = 3_600_000;

describe('presence', () => {
  let redis: RedisServer;
  const opened: { readonly presence: Presence; readonly close: () => Promise<void> }[] = [];

  /** An instance that has subscribers of campaigns. */
  const start = async (counts: Map<string, number>, options: Partial<PresenceOptions> = {}) => {
    const servers = createRedisServers({ url: redis.url, commandTimeoutMs: 250 }, silentLog);
    const messages = createInstanceMessages(servers, { Log: silentLog, count: () => undefined });
    let tell: (campaignId: string) => void = () => undefined;
    const subscriptions = {
      count: (campaignId: string) => counts.get(campaignId) ?? 0,
      listCampaigns: () => [...counts.keys()],
      onCount: (listener: typeof tell) => void (tell = listener),
    };
    const presence = createPresence({ subscriptions, messages, options });
    servers?.open();
    await until(() => messages.isConnected, Boolean);
    presence.start();
    const set = (campaignId: string, count: number): void => {
      counts.set(campaignId, count);
      tell(campaignId);
    };
    // What is not told of its end, as a crash does not.
    const crash = async (): Promise<void> => servers?.close();
    opened.push({ presence, close: crash });
    return { presence, set, crash };
  };
  const publish = (from: string, item: object) =>
    redis.client.publish(PRESENCE_CHANNEL, JSON.stringify({ from, items: [item] }));
  const whenCounted = (presence: Presence, campaignId: string, count: number) =>
    until(
      () => presence.countSubscribers(campaignId),
      found => found === count,
    );

  beforeEach(async () => {
    redis = await startRedisServer();
  });
  afterEach(async () => {
    for (const { presence, close } of opened.splice(0)) {
      presence.stop();
      await close();
    }
    await redis.stop();
  });

  it('is known to one that comes later, at once and whole', async () => {
    const campaigns = Array.from({ length: 1_200 }, createId);
    const first = await start(new Map(campaigns.map((id, at) => [id, at + 1])), { refreshMs: NEVER });
    first.presence.announce(['campaign:update', 'media:*']);
    const second = await start(new Map(), { refreshMs: NEVER });
    for (const [at, id] of campaigns.entries()) await whenCounted(second.presence, id, at + 1);
    expect(second.presence.isHeard('campaign', 'update')).toBe(true);
    expect([second.presence.isHeard('campaign', 'rollback'), second.presence.isHeard('media', 'join')]).toEqual([
      false,
      true,
    ]);
  });

  it('forgets an instance that died, and a count whose end was lost', async () => {
    const campaignId = createId();
    const often = { refreshMs: 50, expireMs: 500 };
    const [first, second] = [await start(new Map(), often), await start(new Map([[campaignId, 3]]), often)];
    await whenCounted(first.presence, campaignId, 3);
    const isFollowed = ({ presence }: typeof first): boolean => presence.isFollowedElsewhere(campaignId);
    expect([isFollowed(first), isFollowed(second)]).toEqual([true, false]);
    second.presence.announce(['*']);
    await until(() => first.presence.isHeard('any', 'thing'), Boolean);
    const other = createId();
    const seen: number[] = [];
    first.presence.watch(other, () => seen.push(first.presence.countSubscribers(other)));
    await publish('x', { kind: 'count', campaignId: other, count: 5 });
    // It is there all the time, and says nothing of the campaign again.
    const living = setInterval(() => void publish('x', { kind: 'here', topics: [] }), 20);
    await until(
      () => seen,
      counts => counts.length === 2,
    );
    clearInterval(living);
    expect(seen).toEqual([5, 0]);
    await second.crash();
    await whenCounted(first.presence, campaignId, 0);
    expect(isFollowed(first)).toBe(false);
    await until(
      () => first.presence.otherInstances,
      others => others === 0,
    );
    expect(first.presence.isHeard('any', 'thing')).toBe(false);
  });

  it('remembers of strangers no more than there can be', async () => {
    const campaignId = createId();
    const { presence, set } = await start(new Map(), { refreshMs: NEVER });
    for (let at = 0; at < 300; at += 1) await publish(`x${at}`, { kind: 'count', campaignId, count: 1 });
    await publish('x0', { kind: 'count', campaignId, count: -1 });
    await publish('x0', { kind: 'here', topics: Array.from({ length: 65 }, () => '*') });
    await publish('x0', { kind: 'count', campaignId: 'all', count: 1 });
    await publish('x0', { kind: 'count', campaignId, count: 2 });
    await whenCounted(presence, campaignId, 257);
    set(campaignId, 1);
    expect([presence.countSubscribers(campaignId), presence.otherInstances]).toEqual([258, 256]);
    expect(presence.isHeard('campaign', 'update')).toBe(false);
  });
});
