import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess } from '../lib/server-process.ts';
import { type Usage } from '../lib/protocol.ts';
import { atMost, formatCount, type Section, selectLowest, selectMedian } from './figures.ts';
import { type BenchContext, measureLoad } from './measure.ts';

const SUBSCRIBERS = 10_000;
/** So many are connected before the memory is looked at: what the first ones alone cost is not theirs. */
const BEFORE = 500;
const REST_MS = 1_000;
const ROUNDS = 5;

const note = `${formatCount(SUBSCRIBERS)} subscribers of one campaign, each another user with a token of its own, after ${BEFORE} others came and stayed. Memory is
that of the service after its garbage was collected: the difference, for each of the ${formatCount(SUBSCRIBERS)}. Then one update, ${ROUNDS} times: how
long until subscribers have it, over all of them. What sockets take in the kernel is not counted.`;

/** Measures what subscribers cost who wait for something to happen. */
export async function runIdle(context: BenchContext): Promise<Section> {
  const { world, generator, report } = context;
  const server = await world.startService(await world.prepare({ campaigns: 20 }), { isCollected: true });
  const connect = (name: string, subscribers: number, publishers: number): Promise<void> =>
    generator.open({
      name,
      dialect: 'service',
      ports: [server.port],
      tokens: Array.from({ length: subscribers }, (_none, at) => world.makeToken(`${name}-${at}`)),
      campaigns: [campaignId(1)],
      subscribers,
      publishers,
    });
  try {
    await connect('before', BEFORE, 0);
    const before = await readAtRest(server);
    report(`connecting ${SUBSCRIBERS} subscribers`);
    const startedAt = performance.now();
    await connect('idle', SUBSCRIBERS, 1);
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = await readAtRest(server);
    const waits: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const load = { fleet: 'idle', pace: { kind: 'answered', inFlight: 1 }, updates: 1, milliseconds: 1_000 } as const;
      const { deliveries } = await measureLoad(context, { servers: [server], load: { ...load, isTimed: true } });
      waits.push(deliveries[0]?.p99 ?? Number.NaN);
    }
    return format({ before, after, seconds, waits });
  } finally {
    await server.stop();
  }
}

async function readAtRest(server: ServerProcess): Promise<Usage> {
  await new Promise(resolve => setTimeout(resolve, REST_MS));
  return server.usage();
}

interface IdleFigures {
  readonly before: Usage;
  readonly after: Usage;
  readonly seconds: number;
  readonly waits: readonly number[];
}

function format({ before, after, seconds, waits }: IdleFigures): Section {
  const each = (select: (usage: Usage) => number): number => (select(after) - select(before)) / SUBSCRIBERS / 1024;
  const resident = each(({ rssBytes }) => rssBytes);
  const heap = each(({ heapBytes }) => heapBytes);
  const row = [
    formatCount(SUBSCRIBERS),
    resident.toFixed(1),
    heap.toFixed(1),
    (after.rssBytes / 2 ** 20).toFixed(0),
    formatCount(SUBSCRIBERS / seconds),
    selectLowest(waits).toFixed(0),
    selectMedian(waits).toFixed(0),
  ];
  const head = ['subscribers', 'KB each', 'KB of objects', 'RSS MB in all', 'connected/s', 'update p99 ms', 'median'];
  return {
    name: 'idle',
    title: 'Subscribers that wait',
    note,
    tables: [markdownTable(head, [row])],
    verdicts: [
      atMost('memory of the server for a subscriber, KB', 20, resident),
      atMost('the same of its objects alone, KB', 20, heap),
      atMost('p99 of one update to all of them, ms', 1_000, selectMedian(waits), 0),
    ],
  };
}
