import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { type App, type AppOptions, create } from '../../app/app.ts';
import { signToken } from '../../lib/auth/sign-token.ts';
import { createServiceConfig, type DeliveryTargets, type ServiceData } from './service-config.ts';
import { type Population } from './stored-campaign.ts';

export interface BenchServiceOptions {
  readonly population: Population;
  readonly targets?: DeliveryTargets;
  /** Uses the server at BENCH_MONGODB_URI in place of the embedded store. */
  readonly isMongodbUsed?: boolean;
  readonly exporter?: NonNullable<AppOptions['exporter']>;
}

/** The service of a benchmark, made and not yet started. */
export interface BenchService {
  readonly app: App;
  /** What authorises its requests: they may do everything. */
  readonly headers: { readonly authorization: string };
}

/** Fills a database, in another process, and makes the service over it. Both go when this process ends. */
export async function createBenchService(options: BenchServiceOptions): Promise<BenchService> {
  const { population, targets = 'off', isMongodbUsed = false, exporter } = options;
  const directory = mkdtempSync(join(tmpdir(), 'bench-service-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const uri = isMongodbUsed ? process.env['BENCH_MONGODB_URI'] : undefined;
  if (isMongodbUsed && uri === undefined) throw new Error('--mongodb needs BENCH_MONGODB_URI.');
  const data: ServiceData = { directory, ...(uri && { uri, database: `bench_${randomUUID().slice(0, 8)}` }) };

  const running: { app?: App } = {};
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => {
    void Promise.resolve(running.app?.stop('SIGTERM'))
      .then(() => dropDatabase(data))
      .then(() => process.exit(0));
  });

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const fill = fileURLToPath(new URL('../fill.js', import.meta.url));
  await promisify(execFile)(process.execPath, [fill, JSON.stringify({ data, population }), pem]).catch(
    ({ code, signal, stderr }: { code?: number; signal?: string; stderr?: string }) => {
      throw new Error(`The database was not filled (${code ?? signal}): ${stderr}`);
    },
  );

  const app = await create({
    config: createServiceConfig(data, pem, targets),
    environment: 'production',
    ...(exporter && { exporter }),
  });
  running.app = app;
  const token = signToken(
    { userId: 'bench', supreme: true },
    { key: privateKey, algorithm: 'RS256', expiresInSeconds: 86_400 },
  );
  return { app, headers: { authorization: `Bearer ${token}` } };
}

async function dropDatabase({ uri, database }: ServiceData): Promise<void> {
  if (uri === undefined) return;
  const client = new MongoClient(uri);
  await client.db(database).dropDatabase();
  await client.close();
}
