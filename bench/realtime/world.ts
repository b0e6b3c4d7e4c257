import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { signToken } from '../../lib/auth/sign-token.ts';
import { buildDirectory } from '../lib/build.ts';
import { type ServerProcess, startServer, type Variables } from '../lib/server-process.ts';
import { type ServiceData } from '../lib/service-config.ts';

/** What an instance of the service is started with. */
export interface LiveOrder {
  readonly data: ServiceData;
  readonly publicKey: string;
  readonly variables: Variables;
  /** Whether its memory and its event loop are looked at all the time. */
  readonly isWatched?: boolean;
  /** Whether what is no longer used is collected before its memory is asked for. */
  readonly isCollected?: boolean;
}

/** The databases, tokens and instances of a benchmark. */
export interface World {
  /** Where a MongoDB is that can be used in place of the embedded store. */
  readonly mongodbUri: string | undefined;
  /** Makes a database with campaigns, of the numbers 1 to this, in another process. */
  prepare(options: { readonly campaigns: number; readonly isMongodbUsed?: boolean }): Promise<ServiceData>;
  /** Starts an instance over a database; several may share a MongoDB's. */
  startService(data: ServiceData, options?: Partial<Omit<LiveOrder, 'data' | 'publicKey'>>): Promise<ServerProcess>;
  /** A token of a user who may do everything. */
  makeToken(userId: string): string;
  /** Drops the databases. The instances must have ended. */
  dispose(): Promise<void>;
}

/** Limits that are there to keep single clients in check, which stand for many here. */
const withoutLimits: Variables = {
  CHANNEL_REQUESTS_PER_SECOND: '1000000',
  CHANNEL_REQUEST_BURST: '1000000',
  CHANNEL_MAX_CONNECTIONS_PER_USER: '20000',
};

/** Makes a world without anything in it. */
export function createWorld({ mongodbUri }: { readonly mongodbUri: string | undefined }): World {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const directories: string[] = [];
  const databases: string[] = [];
  const removeDirectories = (): void => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', removeDirectories);

  return {
    mongodbUri,
    async prepare({ campaigns, isMongodbUsed = false }) {
      if (isMongodbUsed && mongodbUri === undefined) throw new Error('There is no MongoDB to use.');
      const directory = mkdtempSync(path.join(tmpdir(), 'bench-live-'));
      directories.push(directory);
      const database = `bench_${randomUUID().slice(0, 8)}`;
      if (isMongodbUsed) databases.push(database);
      const data: ServiceData = { directory, ...(isMongodbUsed && { uri: mongodbUri, database }) };
      const fill = path.join(buildDirectory, 'bench', 'fill.js');
      await promisify(execFile)(process.execPath, [
        fill,
        JSON.stringify({ data, population: { campaigns, due: 0 } }),
        pem,
      ]);
      return data;
    },
    startService(data, { variables = {}, ...options } = {}) {
      const order: LiveOrder = { data, publicKey: pem, variables: { ...withoutLimits, ...variables }, ...options };
      return startServer('live', [JSON.stringify(order)]);
    },
    makeToken: userId =>
      signToken({ userId, supreme: true }, { key: privateKey, algorithm: 'RS256', expiresInSeconds: 86_400 }),
    async dispose() {
      removeDirectories();
      if (databases.length === 0 || mongodbUri === undefined) return;
      const client = new MongoClient(mongodbUri);
      for (const database of databases) await client.db(database).dropDatabase();
      await client.close();
    },
  };
}
