import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Socket as TcpSocket } from 'node:net';
import { startTestApp } from '../support/app.ts';
import { createCampaign } from '../support/factories.ts';
import { type HistoryEntry } from '../support/history/history.ts';
import { createHistoryDriver, type HistoryDriver } from '../support/history/history-client.ts';
import { type HistoryRecorder } from '../support/history/recorder.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

/** What became of subscribers some of whom stopped reading. */
export interface SlowReadersResult {
  /** What readers saw in the wrong order, or not at all. */
  readonly faults: readonly string[];
  readonly versions: number;
  /** How many of them were sent a state in the place of what they did not read. */
  readonly coalesced: number;
  /** By how much the memory in use grew while they did not read, beyond what it grew by before, while they did. */
  readonly grownBytes: number;
  /** How much was sent to each meanwhile. */
  readonly sentBytes: number;
}

/** One who reads, and remembers of what it gets the versions alone: a whole state's as a negative number. */
interface Reader {
  readonly driver: HistoryDriver;
  readonly steps: number[];
}

const STATE = 'campaign:state:v1:success';
const UPDATE_BYTES = 60_000;

/**
 * Has some of many subscribers stop reading while updates go on, until all of them were left behind and so many more
 * updates were made; then lets them read again, and looks at what everybody has seen.
 */
export async function runSlowReaders({
  slow: slowCount,
  readers: readerCount,
  updates,
}: {
  readonly slow: number;
  readonly readers: number;
  readonly updates: number;
}): Promise<SlowReadersResult> {
  const variables = {
    CHANNEL_MAX_CONNECTIONS_PER_USER: '5000',
    CAMPAIGN_SUBSCRIBER_BUFFER: '4',
    // They stay as long as that takes on this machine.
    CAMPAIGN_SUBSCRIBER_DRAIN_MS: '600000',
    // What the store keeps for speed is nobody's who reads slowly.
    DATA_CACHE_BYTES: '65536',
  };
  const test = await startTestApp({ time: 'real', variables });
  const { _id: campaignId } = await createCampaign(test.client);
  const connect = (name: string): Reader => {
    const steps: number[] = [];
    const recorder: HistoryRecorder = { entries: [], note: entry => void steps.push(...selectSteps(entry)) };
    const token = createSupremeToken();
    return { driver: createHistoryDriver({ name, url: test.url, recorder, selectToken: () => token }), steps };
  };
  const writer = connect('writer');
  const readers = Array.from({ length: readerCount }, (_none, at) => connect(`reader-${at}`));
  const slow = readers.slice(0, slowCount);
  let version = 1;
  const write = async (): Promise<void> => {
    const filler = String(version).padEnd(UPDATE_BYTES, 'x');
    const answer = await writer.driver.ask('update', { campaignId, updates: { [`key-${version % 3}`]: filler } });
    version = answer?.payload['version'] as number;
    // As fast as the others read, so that it is the slow ones alone who lag.
    await until(
      () => readers.slice(slowCount),
      fast => fast.every(({ steps }) => lastOf(steps) === version),
    );
  };
  const countCoalesced = async (): Promise<number> => {
    const { text } = await test.client.get('/metrics');
    return Number(/^channel_slow_subscribers_total\{action="coalesced"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };

  try {
    for (const { driver } of readers) driver.follow(campaignId);
    await until(
      () => readers,
      all => all.every(({ steps }) => steps.length > 0),
    );
    const writeAll = async (): Promise<number> => {
      const before = measureMemory();
      for (let count = 0; count < updates; count += 1) await write();
      return measureMemory() - before;
    };
    // The store keeps some of what was written in memory.
    const usuallyGrownBytes = await writeAll();
    for (const { driver } of slow) selectTcp(driver).pause();
    await until(
      async () => {
        await write();
        return countCoalesced();
      },
      count => count >= slowCount,
    );
    const grownBytes = (await writeAll()) - usuallyGrownBytes;
    for (const { driver } of slow) selectTcp(driver).resume();
    await until(
      () => readers,
      all => all.every(({ steps }) => lastOf(steps) === version),
    );
    await write();
    await until(
      () => readers,
      all => all.every(({ steps }) => lastOf(steps) === version),
    );
    return {
      faults: readers.flatMap(({ driver, steps }, at) => checkSteps(driver.name, steps, at < slowCount)),
      versions: version,
      coalesced: await countCoalesced(),
      grownBytes,
      sentBytes: updates * UPDATE_BYTES,
    };
  } finally {
    for (const { driver } of [writer, ...readers]) driver.close();
    await test.stop();
  }
}

function selectSteps(entry: Parameters<HistoryRecorder['note']>[0]): number[] {
  const { frame } = entry as Partial<HistoryEntry & { kind: 'frame' }>;
  if (frame?.type !== STATE) return [];
  const { version, versions, state } = frame.payload as {
    version: number;
    versions?: readonly { version: number }[];
    state?: object;
  };
  if (versions !== undefined) return versions.map(one => one.version);
  return [state === undefined ? version : -version];
}

function lastOf(steps: readonly number[]): number {
  return Math.abs(steps.at(-1) ?? 0);
}

/** Each version follows the one before; only the slow ones are given a whole state in the midst. */
function checkSteps(name: string, steps: readonly number[], isSlow: boolean): string[] {
  return steps.flatMap((step, at) => {
    const last = Math.abs(steps[at - 1] ?? 0);
    const isRight = step > 0 ? step === last + 1 : at === 0 || (isSlow && -step > last);
    return isRight ? [] : [`${name} was sent ${step} after ${last}.`];
  });
}

/** The connection beneath a client, to stop reading from it. */
function selectTcp({ socket }: HistoryDriver): TcpSocket {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: TcpSocket } } };
  return transport.ws._socket;
}

/** What is in use once nothing is left to be collected. */
export function measureMemory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 2; times += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
