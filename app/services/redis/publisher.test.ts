import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedisServer } from '../../../test/support/redis.ts';
import { until } from '../../../test/support/until.ts';
import { silentLog } from '../../../lib/log.ts';
import { createRedisConnection, type RedisConnection } from './connection.ts';
import { createPublisher, type Publisher, type PublisherLimits } from './publisher.ts';

describe('a publisher', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let heard: string[];
  let sent: number;
  let dropped: string[];
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);

  const open = (limits: Partial<PublisherLimits> = {}, shrink?: (text: string) => string): Publisher<string> =>
    createPublisher<string>({
      ...(shrink && { shrink }),
      connection,
      send: (client, batch) => client.publish('channel', batch.join(' ')),
      onSent: batch => (sent += batch.length),
      onDropped: batch => dropped.push(...batch),
      measure: text => text.length,
      limits,
    });
  const whenAnswering = (isAnswering: boolean) =>
    until(
      () => connection.isAnswering,
      is => is === isAnswering,
    );
  const whenHeard = (count: number) =>
    until(
      () => heard,
      texts => texts.length >= count,
    );

  beforeEach(async () => {
    process.on('unhandledRejection', onRejection);
    [heard, sent, dropped] = [[], 0, []];
    server = await startRedisServer();
    server.client.on('message', (_channel, text) => void heard.push(text));
    await server.client.subscribe('channel');
    connection = createRedisConnection({
      role: 'primary',
      url: server.url,
      commandTimeoutMs: 100,
      log: silentLog('redis'),
    });
    connection.open();
    await whenAnswering(true);
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  it('sends together what is told together, and of a key the last alone', async () => {
    const publisher = open({ batch: 2 });
    for (const [key, item] of ['a1', 'b1', 'a2', 'c1', 'a3'].map(text => [text[0] ?? '', text] as const)) {
      publisher.publish(key, item);
    }
    expect(await whenHeard(2)).toEqual(['a3 b1', 'c1']);
    await until(
      () => sent,
      count => count === 3,
    );
    expect(dropped).toEqual([]);
  });

  it('takes the least of what there is no room for', async () => {
    const publisher = open({ waitingBytes: 10 }, text => text.slice(0, 2));
    for (const [key, item] of [
      ['a', 'aaaa'],
      ['b', 'bbbbbb'],
      ['c', 'cccc'],
      ['a', 'AAA'],
      ['d', 'd'.repeat(11)],
    ] as const) {
      publisher.publish(key, item);
    }
    // All of the first two, for the third not even that; then the first made way.
    expect(dropped).toEqual(['cc', 'dd']);
    expect(await whenHeard(1)).toEqual(['AAA bbbbbb']);
  });

  it('keeps so many, of so many bytes, for a server that hangs, drops the rest, and goes on with it', async () => {
    const [many, large] = [open({ waiting: 3 }), open({ waitingBytes: 10 })];
    server.freeze();
    many.publish('first', 'first');
    large.publish('first', 'first');
    // What is under way waits no more.
    await Promise.resolve().then(() => Promise.resolve());
    for (let at = 0; at < 5; at += 1) many.publish(`k${at}`, `item-${at}`);
    many.publish('k0', 'again');
    for (let at = 0; at < 4; at += 1) large.publish(`l${at}`, `four`);
    // What takes the place of another takes no more room, and what is just as large as the room that is left is taken.
    large.publish('l0', 'five');
    large.publish('l4', 'no');
    expect(dropped).toEqual(['item-3', 'item-4', 'four', 'four']);
    await whenAnswering(false);
    await until(
      () => dropped.length + sent,
      count => count === 12,
    );
    const lost = dropped.length;
    many.publish('away', 'away');
    expect(dropped).toHaveLength(lost + 1);
    server.thaw();
    await whenAnswering(true);
    heard.length = 0;
    many.publish('back', 'back');
    await until(
      () => heard,
      texts => texts.includes('back'),
    );
  });
});
