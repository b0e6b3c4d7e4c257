import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { InvalidOperationError } from '../collection.ts';
import { openMongodbStore } from './mongodb-store.ts';

const LIMITS = { serverSelectionTimeoutMs: 300, socketTimeoutMs: 1000, maxTimeMs: 500, maxPoolSize: 5 } as const;

/** A port that accepts connections and never says a word; `close` ends it. */
async function silentPort(): Promise<{ port: number; close: () => Promise<unknown> }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<unknown> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, close };
}

describe('opening a MongoDB store', () => {
  it('fails when no server listens: the error names the host, and never the credentials', async () => {
    const { port, close } = await silentPort();
    await close();
    const opening = openMongodbStore({ uri: `mongodb://user:s3cret@127.0.0.1:${port}/shop`, ...LIMITS });
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(error).toMatchObject({
      dependency: 'mongodb',
      message: `MongoDB at 127.0.0.1:${port}/shop does not answer.`,
    });
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });

  it('fails when the server accepts and says nothing', async () => {
    const { port, close } = await silentPort();
    try {
      await expect(openMongodbStore({ uri: `mongodb://127.0.0.1:${port}`, ...LIMITS })).rejects.toMatchObject({
        name: 'ServiceUnavailableError',
        message: `MongoDB at 127.0.0.1:${port}/campaigns does not answer.`,
      });
    } finally {
      await close();
    }
  });

  it.each([
    'mongodb://user:s3cret@',
    'http://user:s3cret@host',
    'mongodb://user:s3cret@host/?w=1&nonsense=1',
    's3cret',
  ])('refuses a wrong URI without repeating it: %s', async uri => {
    const error = await openMongodbStore({ uri, ...LIMITS }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOperationError);
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });

  it('names every host of a replica set, and the database that was asked for', async () => {
    const uri = 'mongodb://user:s3cret@127.0.0.1:1,127.0.0.1:2/shop?replicaSet=rs0';
    await expect(openMongodbStore({ uri, database: 'other', ...LIMITS })).rejects.toThrow(
      '127.0.0.1:1,127.0.0.1:2/other',
    );
    await expect(openMongodbStore({ uri, ...LIMITS })).rejects.toThrow('127.0.0.1:1,127.0.0.1:2/shop');
  });

  it('fails when a file of certificates is not there', async () => {
    const opening = openMongodbStore({ uri: 'mongodb://127.0.0.1:1', tlsCaFile: 'no-such-file.pem', ...LIMITS });
    await expect(opening).rejects.toMatchObject({ name: 'ServiceUnavailableError', cause: { code: 'ENOENT' } });
  });
});
