import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { signToken } from '../lib/auth/sign-token.ts';
import { selectKeySource } from '../config/rules.ts';
import { type Config } from '../config/schema.ts';
import { type App } from './app.ts';
import { type ManagerContext } from './context.ts';
import { startDiscoveryStandIn } from './demo/discovery/server.ts';
import { isEmpty, type SeedResult, writeDemo } from './demo/seed.ts';

/** The API key under which the stand-in of the Discovery API is used. */
const STAND_IN_KEY = 'stand-in';
const STAND_IN_TIMEOUT_MS = 30_000;

const TOKEN_SECONDS = 12 * 60 * 60;

/** Starts what an engineer's machine has no real one of: the Discovery API. Gives the configuration that names it. */
export async function startStandIns(config: Config): Promise<Config> {
  const { discovery } = config;
  if (!discovery.stub || discovery.apiKey !== undefined) return config;
  const { url } = await startDiscoveryStandIn();
  // It shares this process: when it is slow, so is everything, and a time-out would say nothing.
  const timeoutMs = Math.max(discovery.timeoutMs, STAND_IN_TIMEOUT_MS);
  return { ...config, discovery: { ...discovery, url, timeoutMs, apiKey: STAND_IN_KEY } };
}

/**
 * Gives the context in which demo data is written. Its shows and venues are invented, and those of the stand-in were
 * made to match them: there is nothing to ask the Discovery API.
 */
export function createDemoContext(app: App): ManagerContext {
  const ctx = app.contexts.forSystem('demo');
  return { ...ctx, service: { ...ctx.service, discoveryValidation: 'off' } };
}

/** Lies in the data folder as long as the demo is being written: what a crash interrupted goes on at the next start. */
const UNFINISHED = 'demo.unfinished';

/** Fills an empty embedded store with demo data, where it is asked for; null when there is something in it already. */
export async function seedDemo(app: App, { service, database }: Config): Promise<SeedResult | null> {
  if (!service.seedDemo || app.store.kind !== 'embedded') return null;
  const ctx = createDemoContext(app);
  const mark = path.join(database.directory, UNFINISHED);
  if (!existsSync(mark) && !(await isEmpty(ctx))) return null;
  await writeFile(mark, '');
  const seeded = await writeDemo(ctx);
  await rm(mark);
  return seeded;
}

/** Fills an empty embedded store with demo data, and tells an engineer where everything is. */
export async function greet(
  app: App,
  { config, url }: { readonly config: Config; readonly url: string },
): Promise<void> {
  const { jwt, discovery } = config;
  const seeded = await seedDemo(app, config);
  const lines = [
    `campaign-service listens on ${url}`,
    `API docs:          ${url}/docs`,
    `Data:              ${app.store.location}${seeded === null ? '' : ` (demo: ${seeded.campaigns} campaigns, ${seeded.markets} markets)`}`,
  ];
  if (discovery.apiKey === STAND_IN_KEY) lines.push(`Discovery API:     ${discovery.url} (a stand-in)`);
  if (hasLocalDeliveries(config)) {
    lines.push(
      `Deliveries:        ${path.join(config.database.directory, 'deliveries')} (what Kinesis, SQS and the CDN would get)`,
    );
  }
  // With a key of its own, only its owner makes tokens.
  const secret = selectKeySource(jwt)?.secret;
  if (secret !== undefined) {
    const token = signToken(
      { userId: 'developer', supreme: true },
      { key: secret, expiresInSeconds: TOKEN_SECONDS, issuer: jwt.issuer, audience: jwt.audience },
    );
    lines.push(`Development token: ${token}`);
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}

/** Whether a target of deliveries is not named, so that a file takes its place. */
function hasLocalDeliveries({ kinesis, sqs, fastly }: Config): boolean {
  const targets = [kinesis.campaignStream, kinesis.attendanceStream, sqs.dataPipelineQueueUrl, fastly.serviceId];
  return [...targets, sqs.refreshSelectionsQueueUrl].includes(undefined);
}
