import { type Config } from '../../../config/schema.ts';
import { type Log } from '../../../lib/log.ts';
import { createRedisConnection, type RedisConnection, type RedisRole } from './connection.ts';

/** The Redis servers of an environment. */
export interface RedisServers {
  /** Takes the writes. */
  readonly primary: RedisConnection;
  /** Takes the reads, where there is one. */
  readonly replica: RedisConnection | null;
  /** Hears what is published. */
  readonly subscriber: RedisConnection;
  /** Begins to connect; the service does not wait for it. */
  open(): void;
  /** By name, what rejects while a server does not answer: for the health check. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  close(): Promise<void>;
}

/** Makes the connections that are configured; null when there is no Redis. */
export function createRedisServers(
  { url, replicaUrl, commandTimeoutMs }: Config['redis'],
  Log: Log,
): RedisServers | null {
  if (url === undefined) return null;
  const log = Log('app/services/redis');
  const open = (role: RedisRole, address: string): RedisConnection =>
    createRedisConnection({ role, url: address, commandTimeoutMs, log });
  const primary = open('primary', url);
  const replica = replicaUrl === undefined ? null : open('replica', replicaUrl);
  const subscriber = open('subscriber', url);
  const used = replica === null ? [primary] : [primary, replica];
  const connections = [...used, subscriber];
  const check = (connection: RedisConnection): (() => Promise<unknown>) => {
    return () => connection.run(client => client.ping());
  };
  return {
    primary,
    replica,
    subscriber,
    open: () => connections.forEach(connection => connection.open()),
    checks: Object.fromEntries(used.map(one => [one.role === 'primary' ? 'redis' : 'redis-replica', check(one)])),
    close: async () => void (await Promise.all(connections.map(connection => connection.close()))),
  };
}
