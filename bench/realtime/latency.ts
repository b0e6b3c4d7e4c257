import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess, startServer } from '../lib/server-process.ts';
import {
  atMost,
  busyHead,
  formatBusy,
  formatCount,
  inMegabytes,
  inTenths,
  type Section,
  selectHighest,
  selectLowest,
  selectMedian,
  selectMemory,
  selectP99,
  type Verdict,
} from './figures.ts';
import {
  type BenchContext,
  type LiveCandidate,
  type LiveSlice,
  type LiveSlices,
  measureLoad,
  measureSlices,
  warmUp,
} from './measure.ts';

const SUBSCRIBERS = 1_000;
const PUBLISHERS = 32;
const SLICE_MS = 2_000;
const OVERLOAD = 2;
/** How much more memory than in its first half an overload may take in its second. */
const GROWTH = 1.25;
const FLEET = 'latency';
const PEER = { fleet: 'ws', perSecond: 50 };

const steadyLoads = [
  { name: 'rare', perSecond: 50, goalMs: 50 },
  { name: 'often', perSecond: 500, goalMs: 60 },
] as const;
const overloadGoalMs = 250;
const loopGoalMs = 20;

const note = `${SUBSCRIBERS.toLocaleString('en')} subscribers of one campaign, updates at a steady rate whatever becomes of those before. Times are from the sending of
an update until a subscriber has its patch, over all subscribers. The first row is the machine's own share: the least that delivers at all. The last row has ${OVERLOAD} times the rate at which the service was
saturated just before: more than it can take. It refuses what is too much at once; who publishes learns of it, and all subscribers
end with the last version, which is checked. "Loop held" is the longest time in which the event loop of the service
did not come round, with whatever the machine did meanwhile; "by itself" is without what the service waited for a processor while others had
it (the kernel counts that): all that one round of the loop did, with the garbage collected in it. Both are medians of the slices.`;

/** Measures how long patches take to arrive. */
export async function runLatency(context: BenchContext): Promise<Section> {
  const { world, generator } = context;
  const server = await world.startService(await world.prepare({ campaigns: 20 }), {
    isWatched: true,
    // What the store keeps of documents, up to a limit, is no matter of how much is sent.
    variables: { DATA_CACHE_BYTES: '65536' },
  });
  const peer = await startServer('live-ws');
  try {
    const clients = {
      tokens: [world.makeToken('bench')],
      campaigns: [campaignId(1)],
      subscribers: SUBSCRIBERS,
      publishers: PUBLISHERS,
    };
    await generator.open({ name: FLEET, dialect: 'service', ports: [server.port], ...clients });
    await generator.open({ name: PEER.fleet, dialect: 'plain', ports: [peer.port], ...clients });
    const saturation = await saturate(context, server);
    const steady = (perSecond: number, fleet = FLEET): LiveCandidate['load'] => ({
      fleet,
      pace: { kind: 'steady', perSecond },
      milliseconds: SLICE_MS,
      isTimed: true,
    });
    const candidates: LiveCandidate[] = steadyLoads.map(({ name, perSecond }) => ({
      name,
      label: `${perSecond} updates/s`,
      servers: [server],
      load: steady(perSecond),
      isWarm: true,
    }));
    const beside: LiveCandidate = {
      name: PEER.fleet,
      label: `ws, memory: ${PEER.perSecond} updates/s`,
      servers: [peer],
      load: steady(PEER.perSecond, PEER.fleet),
      isWarm: true,
    };
    const slices = await measureSlices(context, [beside, ...candidates]);
    const overload: LiveCandidate = {
      name: 'overload',
      label: `${formatCount(saturation * OVERLOAD)} updates/s`,
      servers: [server],
      load: steady(saturation * OVERLOAD),
      // What was used before is no part of a slice's peak.
      prepare: () => server.collect(),
    };
    const overloaded = await measureSlices(context, [overload]);
    return format([beside, ...candidates, overload], new Map([...slices, ...overloaded]));
  } finally {
    await server.stop();
    await peer.stop();
  }
}

/** The updates a second that the service takes from publishers who wait for their answers. */
async function saturate(context: BenchContext, server: ServerProcess): Promise<number> {
  const load = { fleet: FLEET, pace: { kind: 'answered', inFlight: 4 }, milliseconds: SLICE_MS } as const;
  const candidate = { name: 'saturation', label: 'latency', servers: [server], load };
  await warmUp(context, candidate);
  return (await measureLoad(context, candidate)).acceptedPerSecond;
}

function format(candidates: readonly LiveCandidate[], slices: LiveSlices): Section {
  const select = (name: string) => slices.get(name) ?? [];
  const p99 = (name: string): number => selectLowest(select(name).map(selectP99));
  const loop = (name: string, kind: 'maxMs' | 'ownMaxMs'): number =>
    selectMedian(select(name).map(slice => slice.loop?.[kind] ?? Number.NaN));
  const rows = candidates.map(({ name, label }) => {
    const own = select(name);
    const refused = own.map(slice => Object.values(slice.refused).reduce((sum, count) => sum + count, slice.heldUp));
    return [
      label,
      formatCount(selectMedian(own.map(({ acceptedPerSecond }) => acceptedPerSecond))),
      formatCount(selectMedian(refused)),
      formatCount(selectHighest(own.map(({ patchesPerSecond }) => patchesPerSecond))),
      selectLowest(own.map(({ deliveries }) => deliveries[0]?.p50 ?? Number.NaN)).toFixed(1),
      p99(name).toFixed(1),
      selectMedian(own.map(selectP99)).toFixed(1),
      formatCount(selectMedian(own.map(({ snapshots }) => snapshots))),
      inTenths(loop(name, 'maxMs')),
      inTenths(loop(name, 'ownMaxMs')),
      inMegabytes(Math.max(...own.map(selectMemory))),
      ...formatBusy(own),
    ];
  });
  const head = [
    'sent',
    'accepted/s',
    'refused a slice',
    'patches/s',
    'p50 ms',
    'p99 ms',
    'median',
    'whole states',
    'loop held ms',
    'by itself',
    'memory MB',
  ];
  const goals: Verdict[] = steadyLoads.map(({ name, perSecond, goalMs }) =>
    atMost(`p99 at ${perSecond} updates/s, ms`, goalMs, p99(name)),
  );
  const overloaded = select('overload');
  const middle = Math.ceil(overloaded.length / 2);
  const most = (part: readonly LiveSlice[]): number => Math.max(...part.map(selectMemory));
  const later = overloaded.slice(middle);
  return {
    name: 'latency',
    title: 'Time to delivery',
    note,
    tables: [markdownTable([...head, ...busyHead], rows)],
    verdicts: [
      ...goals,
      atMost('p99 of what is delivered at twice saturation, ms', overloadGoalMs, p99('overload')),
      ...(later.length === 0
        ? []
        : [
            atMost(
              'memory in the second half of the overload, ÷ first half',
              GROWTH,
              most(later) / most(overloaded.slice(0, middle)),
              2,
            ),
          ]),
      ...candidates
        .filter(({ name }) => name !== PEER.fleet)
        .map(({ name, label }) =>
          atMost(`longest hold of the loop at ${label}, by itself, ms`, loopGoalMs, loop(name, 'ownMaxMs')),
        ),
    ],
  };
}
