import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedisServer } from '../../../test/support/redis.ts';
import { until } from '../../../test/support/until.ts';
import { silentLog } from '../../../lib/log.ts';
import { createRedisServers, type RedisServers } from '../redis/servers.ts';
import { createSharedTier, type SharedTier } from './shared-tier.ts';

describe('the shared tier, over a primary and a replica', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let servers: RedisServers;
  let tier: SharedTier;
  let counted: string[] = [];
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  const isGood = (): boolean => true;
  const entry = (value: unknown, version = 1) => ({
    value,
    version,
    freshUntil: Date.now() + 60_000,
    staleUntil: Date.now() + 60_000,
  });
  const whenBoth = (isAnswering: boolean, which: 'primary' | 'replica') =>
    until(
      () => servers[which]?.isAnswering,
      is => is === isAnswering,
    );

  beforeAll(async () => {
    process.on('unhandledRejection', onRejection);
    primary = await startRedisServer();
    replica = await startRedisServer({ replicaOf: primary });
    const made = createRedisServers({ url: primary.url, replicaUrl: replica.url, commandTimeoutMs: 250 }, silentLog);
    if (made === null) throw new Error('There is a Redis.');
    servers = made;
    tier = createSharedTier(servers, { count: (from, outcome) => void counted.push(`${from} ${outcome}`) });
    servers.primary.onChange(isAnswering => {
      if (isAnswering) tier.catchUp();
    });
    servers.open();
    await whenBoth(true, 'primary');
    await whenBoth(true, 'replica');
  });
  afterEach(() => {
    counted = [];
    expect(rejections).toEqual([]);
  });
  afterAll(async () => {
    await servers.close();
    await replica.stop();
    await primary.stop();
    process.off('unhandledRejection', onRejection);
  });

  it('writes to the primary, under the very key and not for ever, and reads from the replica', async () => {
    await tier.put('promoter:1', entry('a'));
    expect(JSON.parse((await primary.client.get('promoter:1')) ?? '')).toMatchObject({ value: 'a', version: 1 });
    expect(await primary.client.pttl('promoter:1')).toBeGreaterThan(50_000);
    await until(
      () => replica.client.get('promoter:1'),
      text => text !== null,
    );
    expect(await tier.get('promoter:1', isGood)).toMatchObject({ value: 'a' });
    expect(counted).toEqual(['replica hit']);
  });

  it('puts no older version over a newer one', async () => {
    await tier.put('version', entry('new', 3));
    await tier.put('version', entry('old', 2));
    expect(JSON.parse((await primary.client.get('version')) ?? '')).toMatchObject({ value: 'new' });
    await tier.put('version', entry('newer', 3));
    expect(JSON.parse((await primary.client.get('version')) ?? '')).toMatchObject({ value: 'newer' });
  });

  it('takes what is no entry for a failure, and overwrites it', async () => {
    await primary.client.set('foreign', 'text of somebody else');
    await until(
      () => replica.client.get('foreign'),
      text => text !== null,
    );
    expect(await tier.get('foreign', isGood)).toBeNull();
    expect(counted).toEqual(['replica error', 'primary error']);
    await tier.put('foreign', entry('a'));
    expect(JSON.parse((await primary.client.get('foreign')) ?? '')).toMatchObject({ value: 'a' });
  });

  it('reads from the primary while the replica hangs or is dead', async () => {
    await tier.put('fallback', entry('a'));
    replica.freeze();
    expect(await tier.get('fallback', isGood)).toMatchObject({ value: 'a' });
    expect(counted).toEqual(['replica error', 'primary hit']);
    replica.thaw();
    await replica.kill();
    await whenBoth(false, 'replica');
    expect(await tier.get('fallback', isGood)).toMatchObject({ value: 'a' });
    await replica.restart();
    await whenBoth(true, 'replica');
  });

  it('takes from the primary what a replica that lags has only in an older version', async () => {
    await tier.put('lag', entry('old', 1));
    await until(
      () => replica.client.get('lag'),
      text => text !== null,
    );
    // Cut off from its primary, it goes on giving what it has.
    await replica.client.replicaof('NO', 'ONE');
    await tier.put('lag', entry('new', 2));
    expect(await tier.get('lag', isGood)).toMatchObject({ value: 'old' });
    expect(await tier.get('lag', ({ version }) => version >= 2)).toMatchObject({ value: 'new' });
    expect(await tier.get('lag', ({ version }) => version >= 3)).toBeNull();
    await replica.client.replicaof('127.0.0.1', primary.port);
    await until(
      () => replica.client.get('lag'),
      text => text?.includes('new') === true,
    );
  });

  it('misses while both hang, and puts in what was written meanwhile as soon as the primary answers', async () => {
    primary.freeze();
    replica.freeze();
    expect(await tier.get('promoter:2', isGood)).toBeNull();
    tier.putForSure('promoter:2', entry('a', 1));
    tier.putForSure('promoter:2', entry('b', 2));
    await tier.put('other', entry('x'));
    await whenBoth(false, 'primary');
    primary.thaw();
    replica.thaw();
    await whenBoth(true, 'primary');
    const text = await until(
      () => primary.client.get('promoter:2'),
      found => found !== null,
    );
    expect(JSON.parse(text ?? '')).toMatchObject({ value: 'b', version: 2 });
    await whenBoth(true, 'replica');
  });

  it('misses while both are dead, and works with them when they come back, empty', async () => {
    await replica.kill();
    await primary.kill();
    await whenBoth(false, 'primary');
    expect(await tier.get('promoter:2', isGood)).toBeNull();
    tier.putForSure('promoter:3', entry('c', 7));
    await primary.restart();
    await replica.restart();
    const text = await until(
      () => primary.client.get('promoter:3'),
      found => found !== null,
    );
    expect(JSON.parse(text ?? '')).toMatchObject({ value: 'c', version: 7 });
  });
});
