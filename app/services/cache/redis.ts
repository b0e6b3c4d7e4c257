import { type Config } from '../../../config/schema.ts';
import { type Log } from '../../../lib/log.ts';
import { createRedisConnection, RedisAwayError, type RedisConnection, type RedisRole } from './redis-connection.ts';

/** The Redis servers of an environment. */
export interface RedisServers {
  /** Takes the writes. */
  readonly primary: RedisConnection;
  /** Takes the reads, where there is one. */
  readonly replica: RedisConnection | null;
  /** Begins to connect; the service does not wait for it. */
  open(): void;
  /** By name, what rejects while a server does not answer: for the health check. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  close(): Promise<void>;
}

/** Makes the connections that are configured; null when there is no Redis. */
export function createRedisServers(
  { url, replicaUrl, commandTimeoutMs }: Config['redis'],
  { Log, onAnswering }: { readonly Log: Log; readonly onAnswering?: () => void },
): RedisServers | null {
  if (url === undefined) return null;
  const log = Log('app/services/cache/redis');
  const open = (role: RedisRole, address: string): RedisConnection =>
    createRedisConnection({
      role,
      url: address,
      commandTimeoutMs,
      log,
      ...(role === 'primary' && onAnswering && { onAnswering }),
    });
  const primary = open('primary', url);
  const replica = replicaUrl === undefined ? null : open('replica', replicaUrl);
  const connections = replica === null ? [primary] : [primary, replica];
  const check = (connection: RedisConnection): (() => Promise<unknown>) => {
    return () => connection.run(client => client.ping());
  };
  return {
    primary,
    replica,
    open: () => connections.forEach(connection => connection.open()),
    checks: Object.fromEntries(
      connections.map(one => [one.role === 'primary' ? 'redis' : 'redis-replica', check(one)]),
    ),
    close: async () => void (await Promise.all(connections.map(connection => connection.close()))),
  };
}

export { RedisAwayError };
