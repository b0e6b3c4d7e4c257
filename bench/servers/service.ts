// The service itself, with all that it has in production: RS256 tokens through the cache, authorisation, rate limit,
// validation, correlation, metrics, access log, ETags. `--campaigns` says how many it holds, `--due` how many of them a
// refresh is to open, `--tracing` traces every request, `--mongodb` uses the server at BENCH_MONGODB_URI in place of the
// embedded store, `--memory` watches the memory.
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { type App, create } from '../../app/app.ts';
import { signToken } from '../../lib/auth/sign-token.ts';
import { ask } from '../lib/check.ts';
import { watchMemory } from '../lib/memory-peak.ts';
import { announce } from '../lib/serve.ts';
import { createServiceConfig, type ServiceData } from '../lib/service-config.ts';
import { createServiceTargets } from '../lib/service-targets.ts';
import { type Population } from '../lib/stored-campaign.ts';

const { values } = parseArgs({
  options: {
    campaigns: { type: 'string', default: '1000' },
    due: { type: 'string', default: '0' },
    tracing: { type: 'boolean', default: false },
    mongodb: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
  },
});
const population: Population = { campaigns: Number(values.campaigns), due: Number(values.due) };

const directory = mkdtempSync(join(tmpdir(), 'bench-service-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const uri = values.mongodb ? process.env['BENCH_MONGODB_URI'] : undefined;
if (values.mongodb && uri === undefined) throw new Error('--mongodb needs BENCH_MONGODB_URI.');
const data: ServiceData = { directory, ...(uri && { uri, database: `bench_${randomUUID().slice(0, 8)}` }) };

async function dropDatabase(): Promise<void> {
  if (uri === undefined) return;
  const client = new MongoClient(uri);
  await client.db(data.database).dropDatabase();
  await client.close();
}

const running: { app?: App } = {};
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  void Promise.resolve(running.app?.stop('SIGTERM'))
    .then(dropDatabase)
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

// Hands each span on, as a collector would take it, and looks at none.
const exporter = {
  export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};
const app = await create({
  config: createServiceConfig(data, pem),
  environment: 'production',
  ...(values.tracing && { exporter }),
});
running.app = app;
const port = Number(new URL((await app.start()).url).port);
const token = signToken(
  { userId: 'bench', supreme: true },
  { key: privateKey, algorithm: 'RS256', expiresInSeconds: 86_400 },
);
const targets = createServiceTargets(population, { authorization: `Bearer ${token}` });

const { etag } = await ask(port, targets.read);
if (etag === undefined) throw new Error('The campaign has no ETag.');
const { read } = targets;
const unchanged = { ...read, status: 304, headers: { ...read.headers, 'if-none-match': etag } };
// The first answers of a version are not compressed.
await ask(port, targets.readGzip);

announce(port, { ...targets, unchanged }, values.memory ? watchMemory() : undefined);
