import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess } from '../lib/server-process.ts';
import {
  atLeast,
  atMost,
  busyHead,
  formatBusy,
  formatCount,
  inMegabytes,
  inTenths,
  type Section,
  selectLowest,
  selectMedian,
  selectMemory,
  selectP99,
} from './figures.ts';
import { type LoadOrder } from './load.ts';
import { type BenchContext, type LiveCandidate, type LiveSlices, measureLoad, measureSlices } from './measure.ts';

const SUBSCRIBERS = 1_000;
const SLOW = 50;
const PUBLISHERS = 32;
const PER_SECOND = 500;
/** With what comes before it, less than the time after which the service disconnects those who do not read. */
const SLICE_MS = 2_000;
/** What fills the buffers between the service and those who do not read: the kernel takes 4 MB for a connection. */
const LARGE = { bytes: 60_000, updates: 20, mostTimes: 20 };
/** The places of the campaigns: all subscribe to one, only those who are to be slow to the other. */
const [MEASURED, FILLING] = [0, 1];
const P99_GOAL = 1.2;
const MEMORY_GOAL = 1.25;

const count = SUBSCRIBERS.toLocaleString('en');
const note = `${count} subscribers of one campaign, ${PER_SECOND} updates/s. All of them read or, of another instance of the service, ${SLOW} do not,
from before the first update until the others have the last; then they read again, and must come to the last version without a
gap, which is checked. Delivery is to those who read. The kernel would take all that ${SLICE_MS / 1000} s of such updates come to: so ahead of
each slice the ${SLOW} connect anew, and large updates of a campaign that they alone subscribe to are sent until the service has given up
sending each of them to all ${SLOW}. (In both rows as many, and not measured.) "Whole states" are sent in place of what was missed, to those
who read and to the ${SLOW}. The ratio of p99 is that of the medians: harm need not show in every slice, and the best would
hide it. Memory is the most in any slice, each of which begins with what is no longer used collected.`;

/** Measures what subscribers that do not read cost those who do, and the service. */
export async function runSlowReaders(context: BenchContext): Promise<Section> {
  const { world, generator } = context;
  const running: ServerProcess[] = [];
  /** How often large updates were sent the last time that all buffers were full. */
  let times = 1;
  const start = async (name: string, label: string, paused: number): Promise<LiveCandidate> => {
    const server = await world.startService(await world.prepare({ campaigns: 20 }), { isWatched: true });
    running.push(server);
    await generator.open({
      name,
      dialect: 'service',
      ports: [server.port],
      tokens: [world.makeToken('bench')],
      campaigns: [campaignId(1), campaignId(2)],
      followers: [SUBSCRIBERS, SLOW],
      subscribers: SUBSCRIBERS,
      publishers: PUBLISHERS,
    });
    const fill = async (): Promise<void> => {
      const wanted = (await countSlow(server)) + paused;
      for (let done = 0; paused === 0 ? done < times : (await countSlow(server)) < wanted; done += 1) {
        if (done === LARGE.mostTimes) throw new Error('The buffers of those who do not read were never full.');
        const load: LoadOrder = {
          fleet: name,
          pace: { kind: 'answered', inFlight: 1 },
          publishers: 1,
          campaigns: [FILLING],
          patchBytes: LARGE.bytes,
          updates: LARGE.updates,
          milliseconds: 60_000,
          paused,
          isPauseKept: true,
        };
        await measureLoad(context, { servers: [server], load });
        if (paused > 0) times = done + 1;
      }
      // What only waits to be collected is nobody's who does not read.
      await server.collect();
    };
    const load: LoadOrder = {
      fleet: name,
      pace: { kind: 'steady', perSecond: PER_SECOND },
      campaigns: [MEASURED],
      milliseconds: SLICE_MS,
      isTimed: true,
      paused,
    };
    return { name, label, servers: [server], prepare: fill, load };
  };
  try {
    // Instances of their own: what one has taken of memory stays with it, and would be there for the other as well.
    const candidates = [
      await start('reading', 'all read', 0),
      await start('slow', `${SLOW} of ${count} do not read`, SLOW),
    ];
    return format(candidates, await measureSlices(context, candidates));
  } finally {
    for (const server of running) await server.stop();
  }
}

/** How often the service has stopped sending to a subscriber what it does not take, since its start. */
async function countSlow({ port }: ServerProcess): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^channel_slow_subscribers_total\{action="coalesced"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

function format(candidates: readonly LiveCandidate[], slices: LiveSlices): Section {
  const select = (name: string) => slices.get(name) ?? [];
  const p99 = (name: string): number => selectMedian(select(name).map(selectP99));
  const memory = (name: string): number => Math.max(...select(name).map(selectMemory));
  const rows = candidates.map(({ name, label }) => {
    const own = select(name);
    const p50 = own.map(({ deliveries }) => deliveries[0]?.p50 ?? Number.NaN);
    const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
    return [
      label,
      formatCount(selectMedian(own.map(({ acceptedPerSecond }) => acceptedPerSecond))),
      selectLowest(p50).toFixed(1),
      selectMedian(p50).toFixed(1),
      selectLowest(own.map(selectP99)).toFixed(1),
      p99(name).toFixed(1),
      formatCount(selectMedian(own.map(({ snapshots }) => snapshots))),
      formatCount(selectMedian(own.map(({ pausedSnapshots }) => sum(pausedSnapshots)))),
      formatCount(selectMedian(own.map(({ totalMilliseconds, milliseconds }) => totalMilliseconds - milliseconds))),
      inTenths(selectMedian(own.map(({ loop }) => loop?.maxMs ?? Number.NaN))),
      inMegabytes(memory(name)),
      formatCount(selectLowest(own.map(({ serverMicros, accepted }) => serverMicros / accepted))),
      ...formatBusy(own),
    ];
  });
  const head = [
    'subscribers',
    'accepted/s',
    'p50 ms',
    'median',
    'p99 ms',
    'median',
    'whole states to readers',
    `to the ${SLOW}`,
    'all had it after ms',
    'loop held ms',
    'memory MB',
    'CPU µs an update',
  ];
  const fewest = Math.min(...select('slow').flatMap(({ pausedSnapshots }) => pausedSnapshots));
  return {
    name: 'slow',
    title: 'Beside slow readers',
    note,
    tables: [markdownTable([...head, ...busyHead], rows)],
    verdicts: [
      atMost(
        `p99 of those who read, ${SLOW} others not reading, ÷ all reading`,
        P99_GOAL,
        p99('slow') / p99('reading'),
        2,
      ),
      atMost('memory of the service, likewise', MEMORY_GOAL, memory('slow') / memory('reading'), 2),
      atLeast('whole states a slice to each who did not read, the fewest', 1, fewest, 0),
    ],
  };
}
