import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../test/support/mongodb-server.ts';
import { type RedisServer, startRedisServer } from '../../../test/support/redis.ts';
import { until } from '../../../test/support/until.ts';
import { createRedisConnection, type RedisConnection } from './connection.ts';

describe('a connection to Redis', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let messages: string[];
  let answered: number;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);

  const open = (url: string): RedisConnection => {
    messages = [];
    answered = 0;
    const tell = (message: string): void => void messages.push(message);
    const opened = createRedisConnection({
      role: 'primary',
      url,
      commandTimeoutMs: 100,
      log: { warn: tell, info: tell },
    });
    opened.onChange(isAnswering => (answered += Number(isAnswering)));
    opened.open();
    return opened;
  };
  const whenAnswering = (isAnswering: boolean) =>
    until(
      () => connection.isAnswering,
      is => is === isAnswering,
    );

  beforeEach(async () => {
    process.on('unhandledRejection', onRejection);
    server = await startRedisServer();
    connection = open(server.url);
    await whenAnswering(true);
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  it('does what it is asked, and hands on what the server refuses without taking it for silence', async () => {
    await expect(connection.run(client => client.set('a', '1'))).resolves.toBe('OK');
    for (let at = 0; at < 4; at += 1)
      await expect(connection.run(client => client.incr('a').then(() => client.lpush('a', 'x')))).rejects.toThrow(
        'WRONGTYPE',
      );
    expect(connection.isAnswering).toBe(true);
  });

  it('refuses at once while the server is away, comes back with it, and logs each change once', async () => {
    await server.kill();
    await whenAnswering(false);
    await expect(connection.run(client => client.get('a'))).rejects.toThrow('does not answer');
    await server.restart();
    await whenAnswering(true);
    await expect(connection.run(client => client.get('a'))).resolves.toBeNull();
    expect(messages).toEqual(['redis.answers', 'redis.away', 'redis.answers']);
    expect(answered).toBe(2);
  });

  it('notices a server that hangs, used or not, leaves it alone, and comes back when it goes on', async () => {
    server.freeze();
    await expect(connection.run(client => client.get('a'))).rejects.toThrow('timed out');
    await whenAnswering(false);
    await expect(connection.run(client => client.get('a'))).rejects.toThrow('does not answer');
    server.thaw();
    await whenAnswering(true);
    await expect(connection.run(client => client.get('a'))).resolves.toBeNull();
    expect(messages).toEqual(['redis.answers', 'redis.away', 'redis.answers']);
  });

  it('sends a server that hangs nothing more after two commands in a row that were not answered', async () => {
    server.freeze();
    for (let at = 0; at < 2; at += 1) {
      await expect(connection.run(client => client.get('a'))).rejects.toThrow('timed out');
    }
    expect(connection.isAnswering).toBe(false);
    server.thaw();
  });

  it('is closed although the server hangs', async () => {
    server.freeze();
    await connection.close();
    await until(
      () => connection.client.status,
      status => status === 'end',
    );
    server.thaw();
  });

  it('is opened although nothing is there, and tells it once', async () => {
    await connection.close();
    const port = await freePort();
    connection = open(`redis://127.0.0.1:${port}`);
    await until(
      () => messages.length,
      count => count > 0,
    );
    await expect(connection.run(client => client.ping())).rejects.toThrow('does not answer');
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(messages).toEqual(['redis.away']);
  });
});
