import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess, startServer } from '../lib/server-process.ts';
import { type DialectName } from './dialects.ts';
import {
  atLeast,
  atMost,
  busyHead,
  formatBusy,
  formatCount,
  type Section,
  selectHighest,
  selectLowest,
  selectMedian,
} from './figures.ts';
import { type Pace } from './load.ts';
import { type BenchContext, type LiveCandidate, type LiveSlices, measureLoad, measureSlices } from './measure.ts';

const SUBSCRIBERS = 1_000;
const PUBLISHERS = 8;
const SLICE_MS = 1_000;
const POPULATION = 20;
/** How many frames are on their way to all subscribers at a time, where each has one update. */
const UNDER_WAY = 4;
const QUIET = { subscribers: 10, perSecond: 20, milliseconds: 3_000 };
/** The most that a patch of a quiet campaign may come after its acknowledgement. */
const AT_ONCE_MS = 2;

const batched: Pace = { kind: 'answered', inFlight: 16 };

const note = `${SUBSCRIBERS.toLocaleString('en')} subscribers. "One update a frame": ${UNDER_WAY} updates are under way, and one that has reached all subscribers is followed
by the next, so that each server writes without a pause and none can put two updates into a frame. (The service is
configured to gather nothing, and has ${UNDER_WAY} campaigns with one update under way each. It writes frames of several campaigns that have come
together for a socket in one go; so it makes fewer system calls than the peers do, and no larger frames.) The last row is the service as it is
configured otherwise, with ${PUBLISHERS} publishers that have 16 updates under way each: what follows a frame within 5 ms shares the next.`;

/** Measures how much reaches many subscribers, beside peers. */
export async function runFanOut(context: BenchContext): Promise<Section> {
  const { world, generator } = context;
  const running: ServerProcess[] = [];
  const candidates: LiveCandidate[] = [];

  const connect = async (options: {
    readonly name: string;
    readonly label: string;
    readonly server: ServerProcess;
    readonly dialect: DialectName;
    readonly campaigns: number;
    readonly pace: Pace;
  }): Promise<void> => {
    const { name, label, server, dialect, pace } = options;
    running.push(server);
    await generator.open({
      name,
      dialect,
      ports: [server.port],
      tokens: [world.makeToken('bench')],
      campaigns: Array.from({ length: options.campaigns }, (_none, at) => campaignId(at + 1)),
      subscribers: SUBSCRIBERS,
      publishers: PUBLISHERS,
    });
    candidates.push({ name, label, servers: [server], load: { fleet: name, pace, milliseconds: SLICE_MS } });
  };
  const startService = async (variables: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
    world.startService(await world.prepare({ campaigns: POPULATION }), { variables });
  const together: Pace = { kind: 'delivered', inFlight: UNDER_WAY };

  try {
    const peers = [
      { name: 'ws', label: 'ws, one update a frame', file: 'live-ws', dialect: 'plain' },
      { name: 'socketIo', label: 'Socket.IO, one update a frame', file: 'live-socketio', dialect: 'socketIo' },
      { name: 'feathers', label: 'Feathers 5, one update a frame', file: 'live-feathers', dialect: 'feathers' },
    ] as const;
    for (const { file, ...peer } of peers) {
      await connect({ ...peer, server: await startServer(file), campaigns: 1, pace: together });
    }
    await connect({
      name: 'single',
      label: '**campaign-service**, one update a frame',
      server: await startService({ CAMPAIGN_FRAME_WINDOW_MS: '0' }),
      dialect: 'service',
      campaigns: UNDER_WAY,
      pace: { kind: 'delivered', inFlight: 1 },
    });
    const server = await startService();
    const label = '**campaign-service**';
    await connect({ name: 'service', label, server, dialect: 'service', campaigns: 1, pace: batched });
    const slices = await measureSlices(context, candidates);
    return format(candidates, slices, await measureQuiet(context, server));
  } finally {
    for (const server of running) await server.stop();
  }
}

/** How much later than its acknowledgement a patch of a quiet campaign comes, in milliseconds. */
async function measureQuiet(context: BenchContext, server: ServerProcess): Promise<number> {
  const { world, generator } = context;
  const { subscribers, perSecond, milliseconds } = QUIET;
  await generator.open({
    name: 'quiet',
    dialect: 'service',
    ports: [server.port],
    tokens: [world.makeToken('bench')],
    campaigns: [campaignId(2)],
    subscribers,
    publishers: 1,
  });
  const load = { fleet: 'quiet', pace: { kind: 'steady', perSecond }, milliseconds, isTimed: true } as const;
  const { answers, deliveries } = await measureLoad(context, { servers: [server], load });
  return (deliveries[0]?.p50 ?? Number.NaN) - answers.p50;
}

function format(candidates: readonly LiveCandidate[], slices: LiveSlices, quietMs: number): Section {
  const select = (name: string) => slices.get(name) ?? [];
  const frames = (name: string): number => selectHighest(select(name).map(({ framesPerSecond }) => framesPerSecond));
  const patches = (name: string): number => selectHighest(select(name).map(({ patchesPerSecond }) => patchesPerSecond));
  const perPatch = (name: string): number =>
    selectLowest(select(name).map(({ serverMicros, patches: count }) => serverMicros / count));
  const perFrame = (name: string): number =>
    selectLowest(select(name).map(({ serverMicros, frames: count }) => serverMicros / count));
  const rows = candidates.map(({ name, label }) => {
    const own = select(name);
    return [
      label,
      formatCount(patches(name)),
      formatCount(selectMedian(own.map(({ patchesPerSecond }) => patchesPerSecond))),
      (patches(name) / patches('ws')).toFixed(2),
      formatCount(frames(name)),
      perFrame(name).toFixed(2),
      perPatch(name).toFixed(2),
      (patches(name) / frames(name)).toFixed(1),
      formatCount(selectMedian(own.map(({ snapshots }) => snapshots))),
      ...formatBusy(own),
    ];
  });
  const head = [
    'delivered by',
    'patches/s',
    'median',
    '÷ ws',
    'frames/s',
    'CPU µs a frame',
    'a patch',
    'patches a frame',
    'whole states',
  ];
  return {
    name: 'fanout',
    title: 'Delivery to many subscribers',
    note,
    tables: [markdownTable([...head, ...busyHead], rows)],
    verdicts: [
      atLeast('patches/s, ÷ ws with one update a frame', 20, patches('service') / patches('ws')),
      atLeast('frames/s with one update each, ÷ ws', 0.9, frames('single') / frames('ws'), 2),
      atLeast('the same by CPU time', 0.9, perFrame('ws') / perFrame('single'), 2),
      atMost('CPU µs of the server for a patch', 0.4, perPatch('service'), 2),
      atMost('ms from the acknowledgement to the patch, of a quiet campaign', AT_ONCE_MS, quietMs, 2),
    ],
  };
}
