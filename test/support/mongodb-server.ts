import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

const READY_WITHIN_MS = 20_000;

/** A MongoDB-protocol server that a test started, and may kill and bring back. */
export interface MongodbServer {
  readonly uri: string;
  /** Ends the process with SIGKILL, as a crash would. */
  readonly kill: () => Promise<void>;
  /** Stops it in its tracks, as a machine that hangs: connections are accepted, nothing is answered. */
  readonly pause: () => Promise<void>;
  /** Lets a paused server go on. */
  readonly resume: () => void;
  /** Starts it again on the same port and the same data, and waits until it answers. */
  readonly restart: () => Promise<void>;
  /** Ends the process and removes its data. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server from a command template, `{port}` and `{data}` (an empty folder) filled in, and waits until it
 * answers. Throws with what the server printed when it ends early or does not answer in time.
 */
export async function startMongodbServer(template: string): Promise<MongodbServer> {
  const port = await freePort();
  const data = await mkdtemp(path.join(tmpdir(), 'mongodb-server-'));
  const [command = '', ...args] = template
    .split(/\s+/)
    .map(word => word.replaceAll('{port}', String(port)).replaceAll('{data}', data));
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // A test process that ends without its hooks must not leave a server behind.
    const killWithTests = (): boolean => child.kill('SIGKILL');
    process.once('exit', killWithTests);
    child.once('close', () => process.off('exit', killWithTests));
    await whenReady(child, port, uri);
  };

  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  const pause = async (): Promise<void> => {
    child.kill('SIGSTOP');
    // Its threads stop one by one: what answers is not paused yet.
    while (await answers(uri));
  };

  const stop = async (): Promise<void> => {
    await kill();
    await rm(data, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    uri,
    kill,
    pause,
    resume: () => void child.kill('SIGCONT'),
    restart: () => kill().then(start),
    stop,
  };
}

async function whenReady(child: ChildProcess, port: number, uri: string): Promise<void> {
  let printed = '';
  let failed: Error | undefined;
  const collect = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-4000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.once('error', error => (failed = error));
  child.once(
    'exit',
    (code, signal) => (failed ??= new Error(`The server ended early (${code ?? signal}): ${printed}`)),
  );

  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (failed !== undefined) throw failed;
    if ((await accepts(port)) && (await answers(uri))) return;
    await sleep(50);
  }
  throw new Error(`The server did not answer within ${READY_WITHIN_MS} ms: ${printed}`);
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function answers(uri: string): Promise<boolean> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1000 });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
