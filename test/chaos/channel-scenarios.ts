import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { businessRoutes } from '../../app/router/routes.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createClient } from '../support/client.ts';
import { createCampaign } from '../support/factories.ts';
import { createRandom } from '../support/random.ts';
import { startRedisServer } from '../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openStateJournal } from '../support/state-journal.ts';
import { type OpenStore, type StoreTarget } from '../support/store-targets.ts';
import { type ConnectionFate, startTcpProxy } from '../support/tcp-proxy.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { startChannelLoad } from './channel-load.ts';
import { type ChannelProof, proveChannel } from './channel-proof.ts';

/** How long a run is, and which one. */
export interface ScenarioOptions {
  readonly seed: number;
  /** How often something breaks. */
  readonly rounds: number;
  /** How many updates are acknowledged before the next thing breaks, and after the last. */
  readonly updates: number;
}

/** Instances that share a database, by ways that are found anew when they look away. */
const QUICK = { CAMPAIGN_STATE_POLL_MS: '100', CHANNEL_RETURN_WITHIN_MS: '100', REFRESH_CRON: '' };

/** Has every connection delayed, cut in the midst of a frame, or half closed. */
export async function runBadNetwork({ seed, rounds, updates }: ScenarioOptions): Promise<ChannelProof> {
  const random = createRandom(seed);
  let isBad = true;
  const selectFate = (): ConnectionFate => {
    if (!isBad) return {};
    const delayMs = () => (random.oneIn(3) ? random.below(20) : 0);
    const end = random.pick(['cut', 'halfClose'] as const);
    return { delayMs, end, direction: random.pick(['up', 'down']), afterBytes: 300 + random.below(40_000) };
  };
  const test = await startTestApp({ time: 'real', variables: QUICK });
  const proxy = await startTcpProxy({ targets: [selectPort(test.url)], selectFate });
  try {
    const campaignIds = await createCampaigns(test);
    const load = startChannelLoad({ url: proxy.url, campaignIds, random });
    for (let round = 0; round < rounds; round += 1) {
      await load.progress(updates);
      proxy.cutAll();
    }
    isBad = false;
    await load.settle();
    load.close();
    return await proveInstances(load, [test], campaignIds);
  } finally {
    await proxy.stop();
    await test.stop();
  }
}

/**
 * Kills one of the instances again and again while all work: on the embedded store, which lets one in, that one; over a
 * server as many as are wanted, behind a load balancer.
 */
export async function runKilledInstances(
  { seed, rounds, updates, instances }: ScenarioOptions & { readonly instances: number },
  target: StoreTarget,
): Promise<ChannelProof> {
  const random = createRandom(seed);
  const directory = await mkdtemp(path.join(tmpdir(), 'kill-channel-'));
  const opened = target.kind === 'mongodb' ? await target.open() : undefined;
  const variables = { ...QUICK, ...(opened === undefined ? { DATA_DIR: directory } : selectVariables(opened)) };
  const proxy = await startTcpProxy();
  const running: { service: ServiceProcess; port: number }[] = [];
  const complaints: string[] = [];

  const start = async (): Promise<void> => {
    const service = startServiceProcess(variables);
    running.push({ service, port: selectPort(await service.started) });
    proxy.setTargets(running.map(({ port }) => port));
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const [victim] = running.splice(random.below(running.length), 1);
    proxy.setTargets(running.map(({ port }) => port));
    const { stdout = '', stderr = '' } = (await victim?.service.stop(signal)) ?? {};
    complaints.push(...selectComplaints(stdout), ...(stderr === '' ? [] : [stderr]));
  };

  try {
    await Promise.all(Array.from({ length: opened === undefined ? 1 : instances }, start));
    const client = createClient({ url: proxy.url, routes: businessRoutes }, createSupremeToken());
    const campaignIds = [(await createCampaign(client))._id, (await createCampaign(client))._id] as const;
    const load = startChannelLoad({ url: proxy.url, campaignIds, random });
    for (let round = 0; round < rounds; round += 1) {
      await load.progress(updates);
      await kill('SIGKILL');
      await start();
    }
    await load.progress(updates);
    await load.settle();
    load.close();
    while (running.length > 0) await kill('SIGTERM');
    const store = opened?.store ?? (await openEmbeddedStore({ directory }));
    const proof = await proveChannel(load, await openStateJournal(store), campaignIds, complaints);
    if (opened === undefined) await store.close();
    return proof;
  } finally {
    while (running.length > 0) await kill('SIGKILL');
    await proxy.stop();
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Kills, freezes and empties the Redis between two instances, and ends without it; where they cannot share a database,
 * beside one.
 */
export async function runLostRedis(
  { seed, rounds, updates }: ScenarioOptions,
  target: StoreTarget,
): Promise<ChannelProof> {
  const random = createRandom(seed);
  const redis = await startRedisServer();
  const variables = { ...QUICK, REDIS_URL: redis.url };
  const tests = await startInstances(variables, target);
  const proxy = await startTcpProxy({ targets: tests.map(({ url }) => selectPort(url)) });
  try {
    const campaignIds = await createCampaigns(tests[0]);
    const load = startChannelLoad({ url: proxy.url, campaignIds, random });
    const breaks = [
      async () => {
        await redis.kill();
        await load.progress(updates);
        await redis.restart();
      },
      async () => {
        redis.freeze();
        await load.progress(updates);
        redis.thaw();
      },
      async () => void (await redis.client.flushall().catch(() => undefined)),
    ];
    for (let round = 0; round < rounds; round += 1) {
      await load.progress(updates);
      await breaks[round % breaks.length]?.();
    }
    await load.progress(updates);
    // Nobody tells of the last versions: they are found all the same.
    await redis.kill();
    await load.progress(updates);
    await load.settle();
    load.close();
    return await proveInstances(load, tests, campaignIds);
  } finally {
    redis.thaw();
    await proxy.stop();
    await stopInstances(tests);
    await redis.stop();
  }
}

/** Kills the database under two instances, and brings it back. */
export async function runLostDatabase(
  { seed, rounds, updates }: ScenarioOptions,
  target: StoreTarget,
): Promise<ChannelProof> {
  const random = createRandom(seed);
  const tests = await startInstances(QUICK, target);
  const proxy = await startTcpProxy({ targets: tests.map(({ url }) => selectPort(url)) });
  try {
    const campaignIds = await createCampaigns(tests[0]);
    const load = startChannelLoad({ url: proxy.url, campaignIds, random });
    for (let round = 0; round < rounds; round += 1) {
      await load.progress(updates);
      await tests[0].target?.kill?.();
      await sleep(random.below(500));
      await tests[0].target?.restart?.();
    }
    await load.progress(updates);
    await load.settle();
    load.close();
    return await proveInstances(load, tests, campaignIds);
  } finally {
    await proxy.stop();
    await stopInstances(tests);
  }
}

/** Has the clock of the instances jump, by up to an hour and back. */
export async function runJumpingClocks(
  { seed, rounds, updates }: ScenarioOptions,
  target: StoreTarget,
): Promise<ChannelProof> {
  const random = createRandom(seed);
  const tests = await startInstances(QUICK, target, new Date().toISOString());
  const proxy = await startTcpProxy({ targets: tests.map(({ url }) => selectPort(url)) });
  try {
    const campaignIds = await createCampaigns(tests[0]);
    const load = startChannelLoad({ url: proxy.url, campaignIds, random });
    for (let round = 0; round < rounds; round += 1) {
      await load.progress(updates);
      tests[0].setTime(new Date(Date.now() + (random.next() - 0.5) * 2 * 3_600_000));
    }
    await load.progress(updates);
    await load.settle();
    load.close();
    return await proveInstances(load, tests, campaignIds);
  } finally {
    await proxy.stop();
    await stopInstances(tests);
  }
}

type Instances = readonly [TestApp, ...TestApp[]];

/** Two instances in this process, where the database lets two in. */
async function startInstances(
  variables: Record<string, string>,
  target: StoreTarget,
  time = 'real',
): Promise<Instances> {
  const first = await startTestApp({ time, variables }, target);
  return target.kind === 'embedded' ? [first] : [first, await startTestApp({ variables, over: first }, target)];
}

async function stopInstances(tests: Instances): Promise<void> {
  for (const test of [...tests].reverse()) await test.stop();
}

async function createCampaigns({ client }: TestApp): Promise<[string, string]> {
  return [(await createCampaign(client))._id, (await createCampaign(client))._id];
}

async function proveInstances(
  load: ReturnType<typeof startChannelLoad>,
  tests: Instances,
  campaignIds: readonly string[],
): Promise<ChannelProof> {
  const [{ app }] = tests;
  const { stateJournal: journal, stateSnapshots: snapshots } = app.datastores;
  const complaints = tests.flatMap(({ logs }) => logs.filter(({ level }) => level === 'error'));
  return proveChannel(
    load,
    { journal, snapshots },
    campaignIds,
    complaints.map(line => JSON.stringify(line)),
  );
}

function selectPort(url: string): number {
  return Number(new URL(url).port);
}

/** Names the database that a target opened. */
function selectVariables({ store }: OpenStore): Record<string, string> {
  const [host = '', database = ''] = store.location.split('/');
  const { MONGODB_TEST_URI: named = '' } = process.env;
  const uri = named.includes(host) ? named : `mongodb://${host}/?directConnection=true`;
  return { MONGODB_URI: uri, MONGODB_DATABASE: database };
}

function selectComplaints(stdout: string): string[] {
  return stdout.split('\n').filter(line => line.includes('"level":"error"'));
}
