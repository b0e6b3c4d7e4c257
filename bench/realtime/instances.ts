import { type RedisServer, startRedisServer } from '../../test/support/redis.ts';
import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess } from '../lib/server-process.ts';
import {
  atMost,
  busyHead,
  formatBusy,
  formatCount,
  type Section,
  selectHighest,
  selectLowest,
  selectMedian,
} from './figures.ts';
import { type LoadOrder } from './load.ts';
import { type BenchContext, type LiveCandidate, type LiveSlices, measureSlices } from './measure.ts';

const SUBSCRIBERS = 100;
const PUBLISHERS = 8;
const IN_FLIGHT = 16;
const SLICE_MS = 1_000;
const STEADY = { perSecond: 200, milliseconds: 2_000 };

const note = `${SUBSCRIBERS} subscribers and ${PUBLISHERS} publishers, all of one campaign, on one instance of the service or spread evenly over two, which
share a MongoDB database and a Redis. "To the other" is the time to subscribers of the instance that the update was not sent to; all get every
version, which is checked. With publishers at both, both write to the same journal. CPU is that of all
instances.
What two cost more is one query for each document that the other wrote, about 1.3 ms of CPU for the driver beside this server, and the
news of it; the versions of a document share that. Pauses of the server show in the longest waits, of one instance alone as well.`;

/** Measures two instances that work as one, beside one alone. */
export async function runInstances(context: BenchContext): Promise<Section> {
  const { world, generator } = context;
  if (world.mongodbUri === undefined) {
    const missing =
      'Not measured: several instances need a MongoDB (MONGODB_URI, or MONGODB_TEST_SERVER with a command).';
    return { name: 'instances', title: 'Two instances', note: missing, tables: [], verdicts: [] };
  }
  const stores: RedisServer[] = [];
  const running: ServerProcess[] = [];
  const connect = async (name: string, count: number): Promise<ServerProcess[]> => {
    const data = await world.prepare({ campaigns: 20, isMongodbUsed: true });
    // Of its own: the campaigns of all fleets have the same ids, and one would hear of the other's.
    const redis = await startRedisServer();
    stores.push(redis);
    const servers: ServerProcess[] = [];
    for (let at = 0; at < count; at += 1) {
      const server = await world.startService(data, { variables: { REDIS_URL: redis.url } });
      servers.push(server);
      running.push(server);
    }
    await generator.open({
      name,
      dialect: 'service',
      ports: servers.map(({ port }) => port),
      tokens: [world.makeToken('bench')],
      campaigns: [campaignId(1)],
      subscribers: SUBSCRIBERS,
      publishers: PUBLISHERS,
    });
    return servers;
  };
  const saturated = { pace: { kind: 'answered', inFlight: IN_FLIGHT }, milliseconds: SLICE_MS } as const;
  const one = { pace: { kind: 'answered', inFlight: 1 }, milliseconds: SLICE_MS } as const;
  const steady = { pace: { kind: 'steady', perSecond: STEADY.perSecond }, milliseconds: STEADY.milliseconds } as const;
  try {
    const candidates: LiveCandidate[] = [];
    const add = (
      name: string,
      fleet: string,
      label: string,
      servers: readonly ServerProcess[],
      load: Omit<LoadOrder, 'fleet'>,
    ) =>
      void candidates.push({
        name,
        label,
        servers,
        load: { fleet, isTimed: true, ...load },
        isWarm: load.pace !== saturated.pace,
      });
    const alone = await connect('one', 1);
    add('one', 'one', 'one instance', alone, saturated);
    add('one-steady', 'one', `one instance, ${STEADY.perSecond}/s`, alone, steady);
    const two = await connect('two', 2);
    add('two', 'two', 'two instances, publishers at both', two, saturated);
    // Those of the first instance alone, so that nobody else writes to the journal.
    const half = PUBLISHERS / 2;
    add('one-half', 'one', `one instance, ${half} publishers`, alone, { ...saturated, publishers: half });
    add('two-half', 'two', `two instances, ${half} publishers at the first`, two, { ...saturated, server: 0 });
    add('two-few', 'two', 'two instances, publishers at both, one update each', two, one);
    add('two-steady', 'two', `two instances, ${STEADY.perSecond}/s at the first`, two, { ...steady, server: 0 });
    return format(candidates, await measureSlices(context, candidates));
  } finally {
    for (const server of running) await server.stop();
    for (const redis of stores) await redis.stop();
  }
}

function format(candidates: readonly LiveCandidate[], slices: LiveSlices): Section {
  const select = (name: string) => slices.get(name) ?? [];
  const delivery = (name: string, server: number, share: 'p50' | 'p99'): number =>
    selectLowest(select(name).map(({ deliveries }) => deliveries[server]?.[share] ?? Number.NaN));
  const cost = (name: string): number =>
    selectLowest(select(name).map(({ serverMicros, accepted }) => serverMicros / accepted));
  const wait = (name: string): number => selectMedian(select(name).map(({ answers }) => answers.max / answers.p50));
  const inMs = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(1));
  const rows = candidates.map(({ name, label, servers }) => {
    const own = select(name);
    const isSpread = servers.length > 1;
    return [
      label,
      formatCount(selectHighest(own.map(({ acceptedPerSecond }) => acceptedPerSecond))),
      formatCount(cost(name)),
      inMs(selectLowest(own.map(({ answers }) => answers.p50))),
      inMs(selectLowest(own.map(({ answers }) => answers.p99))),
      inMs(selectMedian(own.map(({ answers }) => answers.max))),
      inMs(delivery(name, 0, 'p99')),
      isSpread ? inMs(delivery(name, 1, 'p99')) : '–',
      ...formatBusy(own),
    ];
  });
  const head = [
    'updates with',
    'acked/s',
    'CPU µs each',
    'ack p50 ms',
    'p99 ms',
    'longest',
    'delivered p99 ms',
    'to the other',
  ];
  const local = delivery('two-steady', 0, 'p99');
  return {
    name: 'instances',
    title: 'Two instances',
    note,
    tables: [markdownTable([...head, ...busyHead], rows)],
    verdicts: [
      atMost('delivery p99 at the other instance, ms (3 + 2 × local)', 3 + 2 * local, delivery('two-steady', 1, 'p99')),
      atMost(
        'CPU of an update, publishers at one instance, ÷ one instance',
        1.3,
        cost('two-half') / cost('one-half'),
        2,
      ),
      atMost('CPU of an update, publishers at both, ÷ one instance', 1.3, cost('two') / cost('one'), 2),
      atMost('longest wait of a publisher, ÷ median, 16 under way each', 10, wait('two')),
      atMost('longest wait of a publisher, ÷ median, one under way each', 10, wait('two-few')),
    ],
  };
}
