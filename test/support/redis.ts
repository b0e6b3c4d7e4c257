import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './mongodb-server.ts';
import { until } from './until.ts';

/** A Redis server that a test started, and may kill, freeze and bring back. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** A client for the test's own looks, connected while the server runs. */
  readonly client: Redis;
  /** Ends the process with SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Stops it in its tracks (SIGSTOP): connections are accepted, nothing is answered. */
  freeze(): void;
  /** Lets a frozen server go on. */
  thaw(): void;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server on a free port, a replica of another when one is given, and waits until it answers (and has caught up). */
export async function startRedisServer({ replicaOf }: { readonly replicaOf?: RedisServer } = {}): Promise<RedisServer> {
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), 'redis-server-'));
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'];
  const replication = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', replicaOf.port];
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 20 });
  client.on('error', () => undefined);
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = spawn('redis-server', [...args, ...replication].map(String), { stdio: 'ignore' });
    // A test process that ends without its hooks must not leave a server behind.
    const killWithTests = (): boolean => child.kill('SIGKILL');
    process.once('exit', killWithTests);
    child.once('close', () => process.off('exit', killWithTests));
    await Promise.race([
      once(child, 'spawn'),
      once(child, 'error').then(([error]) => {
        throw new Error(
          `redis-server cannot be run; install it (Debian: apt-get install redis-server). ${String(error)}`,
        );
      }),
    ]);
    await until(isUp, Boolean);
  };

  const isUp = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`redis-server ended early with ${child.exitCode}.`);
    try {
      const info = await client.info('replication');
      return replicaOf === undefined || info.includes('master_link_status:up');
    } catch {
      return false;
    }
  };

  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  const stop = async (): Promise<void> => {
    client.disconnect();
    await kill();
    await rm(directory, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    client.disconnect();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    restart: () => kill().then(start),
    stop,
  };
}
