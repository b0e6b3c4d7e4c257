import { startRedisServer } from '../../test/support/redis.ts';
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
import { type BenchContext, type LiveCandidate, type LiveSlice, type LiveSlices, measureSlices } from './measure.ts';

const SUBSCRIBERS = 100;
const PUBLISHERS = 8;
const IN_FLIGHT = 16;
const SLICE_MS = 1_000;
const STEADY = { perSecond: 200, milliseconds: 2_000 };

const note = `${SUBSCRIBERS} subscribers and ${PUBLISHERS} publishers, all of one campaign, on one instance of the service or spread evenly over two, which
share a MongoDB database and a Redis. "To the other" is the time to subscribers of the instance that the update was not sent to; all get every
version, which is checked. With publishers at both, both write to the same journal. CPU is that of all
instances.
The server for tests looks through a whole collection for most of what it is asked, and serves nobody meanwhile. So the rows with one update of each publisher under way,
and those with a steady rate, are of instances over databases of their own, in which nothing else was written; and the journal is polled
once a minute (\`CAMPAIGN_STATE_POLL_REDIS_MS\`), which otherwise would be such a pause every five seconds, and with an index is none.`;

/** A row of the table, and the instances that it is of. */
interface Row {
  readonly name: string;
  readonly label: string;
  readonly load: Omit<LoadOrder, 'fleet'>;
  readonly instances: 1 | 2;
}

const saturated = { pace: { kind: 'answered', inFlight: IN_FLIGHT }, milliseconds: SLICE_MS } as const;
const few = { pace: { kind: 'answered', inFlight: 1 }, milliseconds: SLICE_MS } as const;
const steady = { pace: { kind: 'steady', perSecond: STEADY.perSecond }, milliseconds: STEADY.milliseconds } as const;
const half = PUBLISHERS / 2;

/** What is measured side by side, each time over new databases. With `server: 0` nobody else writes to the journal. */
const phases: readonly (readonly Row[])[] = [
  [
    { name: 'one', label: 'one instance', load: saturated, instances: 1 },
    { name: 'two', label: 'two instances, publishers at both', load: saturated, instances: 2 },
    {
      name: 'one-half',
      label: `one instance, ${half} publishers`,
      load: { ...saturated, publishers: half },
      instances: 1,
    },
    {
      name: 'two-half',
      label: `two instances, ${half} publishers at the first`,
      load: { ...saturated, server: 0 },
      instances: 2,
    },
  ],
  [
    { name: 'one-few', label: 'one instance, one update each', load: few, instances: 1 },
    { name: 'two-few', label: 'two instances, publishers at both, one update each', load: few, instances: 2 },
    { name: 'one-steady', label: `one instance, ${STEADY.perSecond}/s`, load: steady, instances: 1 },
    {
      name: 'two-steady',
      label: `two instances, ${STEADY.perSecond}/s at the first`,
      load: { ...steady, server: 0 },
      instances: 2,
    },
  ],
];

/** Measures two instances that work as one, beside one alone. */
export async function runInstances(context: BenchContext): Promise<Section> {
  if (context.world.mongodbUri === undefined) {
    const missing =
      'Not measured: several instances need a MongoDB (MONGODB_URI, or MONGODB_TEST_SERVER with a command).';
    return { name: 'instances', title: 'Two instances', note: missing, tables: [], verdicts: [] };
  }
  const candidates: LiveCandidate[] = [];
  const slices = new Map<string, readonly LiveSlice[]>();
  for (const [phase, rows] of phases.entries()) {
    const stops: (() => Promise<void>)[] = [];
    try {
      const fleets = {
        1: await startFleet(context, `one ${phase}`, 1, stops),
        2: await startFleet(context, `two ${phase}`, 2, stops),
      };
      const these = rows.map(({ name, label, load, instances }, at): LiveCandidate => {
        const { fleet, servers } = fleets[instances];
        // The first row of each fleet warms it up.
        const isWarm = rows.findIndex(row => row.instances === instances) !== at;
        return { name, label, servers, load: { fleet, isTimed: true, ...load }, isWarm };
      });
      candidates.push(...these);
      for (const [name, measured] of await measureSlices(context, these)) slices.set(name, measured);
    } finally {
      for (const stop of stops) await stop();
    }
  }
  return format(candidates, slices);
}

/** Starts instances over a database of their own, and connects everybody to them. What stops them is added to `stops`. */
async function startFleet(
  { world, generator }: BenchContext,
  fleet: string,
  count: number,
  stops: (() => Promise<void>)[],
): Promise<{ readonly fleet: string; readonly servers: readonly ServerProcess[] }> {
  const data = await world.prepare({ campaigns: 20, isMongodbUsed: true });
  // Of its own: the campaigns of all fleets have the same ids, and one would hear of the other's.
  const redis = await startRedisServer();
  stops.push(() => redis.stop());
  const servers: ServerProcess[] = [];
  for (let at = 0; at < count; at += 1) {
    const variables = { REDIS_URL: redis.url, CAMPAIGN_STATE_POLL_REDIS_MS: '60000' };
    const server = await world.startService(data, { variables });
    stops.unshift(() => server.stop());
    servers.push(server);
  }
  await generator.open({
    name: fleet,
    dialect: 'service',
    ports: servers.map(({ port }) => port),
    tokens: [world.makeToken('bench')],
    campaigns: [campaignId(1)],
    subscribers: SUBSCRIBERS,
    publishers: PUBLISHERS,
  });
  return { fleet, servers };
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
