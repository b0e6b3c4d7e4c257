import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Another process, or another store of this one, has the data folder. */
export class DataDirectoryLockedError extends Error {
  override readonly name = 'DataDirectoryLockedError';
  readonly directory: string;

  constructor(directory: string) {
    super(`The data folder ${directory} is in use: another process holds it. One process at a time can have it.`);
    this.directory = directory;
  }
}

export interface DirectoryLock {
  release(): Promise<void>;
}

/** Unix sockets take no longer names than this, in bytes, on any system. */
const MAX_SOCKET_PATH = 100;
/** Two that start at the same moment see each other and both step back; then chance decides who comes first. */
const ATTEMPTS = 6;
const STEP_BACK_MS = 60;

/**
 * Takes a folder for this process, until it releases it or ends, however it ends. Throws `DataDirectoryLockedError`.
 *
 * The lock is a listening Unix socket in the folder: the kernel closes it with its process, pids mean nothing to it, and
 * containers that share the folder on one host see each other. Each starter has a socket of its own name, which appears
 * in the folder only once it listens, and then looks at all others. One that answers has the folder. One that refuses is
 * dead for good, since no name is used twice, and is removed. Whoever comes second to appear must see the first, so two
 * cannot both believe to be alone.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const folder = await socketFolder(directory);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const lock = await tryLock(directory, folder.path);
      if (lock !== undefined) {
        return {
          async release() {
            await lock.withdraw();
            await folder.close();
          },
        };
      }
      if (attempt < ATTEMPTS) await wait(Math.random() * STEP_BACK_MS * attempt);
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
  await folder.close();
  throw new DataDirectoryLockedError(directory);
}

interface Appearance {
  readonly name: string;
  withdraw(): Promise<void>;
}

async function tryLock(directory: string, socketPath: string): Promise<Appearance | undefined> {
  const lock = await appear(directory, socketPath);
  if (lock === undefined) return undefined;
  try {
    if (await isAlone(directory, socketPath, lock.name)) return lock;
  } catch (error) {
    await lock.withdraw();
    throw error;
  }
  await lock.withdraw();
  return undefined;
}

async function appear(directory: string, socketPath: string): Promise<Appearance | undefined> {
  const id = randomBytes(8).toString('hex');
  const name = `lock-${id}.sock`;
  const server = await listen(`${socketPath}/lock-${id}.tmp`);
  const withdraw = async (): Promise<void> => {
    await unlink(path.join(directory, name)).catch(ignoreMissing);
    await new Promise(resolve => server.close(resolve));
  };
  try {
    await rename(path.join(directory, `lock-${id}.tmp`), path.join(directory, name));
    return { name, withdraw };
  } catch (error) {
    await withdraw();
    // Another starter took it for a dead one before it listened.
    ignoreMissing(error);
    return undefined;
  }
}

async function isAlone(directory: string, socketPath: string, own: string): Promise<boolean> {
  for (const name of await readdir(directory)) {
    if (!/^lock-[0-9a-f]{16}\.(sock|tmp)$/.test(name) || name === own) continue;
    if (await answers(`${socketPath}/${name}`)) return false;
    await unlink(path.join(directory, name)).catch(ignoreMissing);
  }
  return true;
}

function listen(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy());
    server.once('error', reject);
    server.listen(socket, () => {
      server.off('error', reject);
      // A connection that breaks is no concern of the lock.
      server.on('error', () => undefined);
      server.unref();
      resolve(server);
    });
  });
}

// Only a clear refusal proves that nobody listens; any other fault may hide someone alive.
function answers(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

/** A path of the folder short enough for sockets; a long one is reached through the folder's descriptor. */
async function socketFolder(directory: string): Promise<{ readonly path: string; close(): Promise<void> }> {
  const full = path.resolve(directory);
  if (Buffer.byteLength(full) + '/lock-0123456789abcdef.sock'.length <= MAX_SOCKET_PATH) {
    return { path: full, close: async () => undefined };
  }
  const handle: FileHandle = await open(full, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() };
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
