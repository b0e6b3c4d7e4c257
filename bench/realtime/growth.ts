import { campaignId } from '../document.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type ServerProcess } from '../lib/server-process.ts';
import { atMost, busyHead, formatBusy, formatCount, type Section, selectHighest, selectLowest } from './figures.ts';
import { type LoadOrder } from './load.ts';
import { type BenchContext, type LiveCandidate, type LiveSlice, measureLoad, measureSlices } from './measure.ts';

const POPULATION = 10_000;
const LIVE = [10, POPULATION] as const;
/** So many campaigns are updated in both cases. */
const IN_USE = 10;
const PUBLISHERS = 8;
const IN_FLIGHT = 16;
const SLICE_MS = 1_000;
/** Versions of the campaign with a long journal. */
const LONG = 40_000;
/** How much more an update may cost and still be called the same: figures differ by as much between runs. */
const FLAT = 1.15;

const note = `Updates of ${IN_USE} campaigns, ${PUBLISHERS} publishers with ${IN_FLIGHT} under way each, by two instances of the service that both hold ${formatCount(POPULATION)}
campaigns: in one, ${LIVE[0]} of them have a live state in memory, in the other all. Then updates of one campaign, whose journal has ${formatCount(LONG)}
versions or more, or whose journal begins with the slice.`;

/** Measures whether an update costs more among many campaigns, or with a long history. */
export async function runGrowth(context: BenchContext): Promise<Section> {
  const { world, generator, report } = context;
  const running: ServerProcess[] = [];
  const pace: LoadOrder['pace'] = { kind: 'answered', inFlight: IN_FLIGHT };

  const start = async (live: number): Promise<ServerProcess> => {
    report(`making ${live} of ${POPULATION} campaigns live`);
    const variables = { CAMPAIGN_STATE_MAX_CAMPAIGNS: String(2 * POPULATION), CAMPAIGN_STATE_IDLE_MS: '3600000' };
    const server = await world.startService(await world.prepare({ campaigns: POPULATION }), { variables });
    running.push(server);
    const name = nameOf(live);
    await generator.open({
      name,
      dialect: 'service',
      ports: [server.port],
      tokens: [world.makeToken('bench')],
      campaigns: Array.from({ length: POPULATION }, (_none, at) => campaignId(at + 1)),
      subscribers: 0,
      publishers: PUBLISHERS,
    });
    const all = range(0, live);
    const load = { fleet: name, pace, milliseconds: 60_000, updates: live, campaigns: all };
    await measureLoad(context, { servers: [server], load });
    return server;
  };

  try {
    const candidates: LiveCandidate[] = [];
    for (const live of LIVE) {
      const name = nameOf(live);
      const load = { fleet: name, pace, milliseconds: SLICE_MS, campaigns: range(0, IN_USE) };
      candidates.push({ name, label: `${formatCount(live)} live campaigns`, servers: [await start(live)], load });
    }
    const slices = await measureSlices(context, candidates);
    const [server] = running;
    if (server === undefined) throw new Error('There is no server.');
    const journals = await measureJournals(context, server);
    const rows = [...candidates.map(({ name, label }) => [label, slices.get(name) ?? []] as const), ...journals];
    return format(rows);
  } finally {
    for (const server of running) await server.stop();
  }
}

const nameOf = (live: number): string => `live-${live}`;
const range = (from: number, until: number): number[] => Array.from({ length: until - from }, (_none, at) => from + at);

/** Measures a campaign with a long journal beside new ones. */
async function measureJournals(
  context: BenchContext,
  server: ServerProcess,
): Promise<(readonly [string, readonly LiveSlice[]])[]> {
  const fleet = nameOf(LIVE[0]);
  const update = (campaign: number, limits: Pick<LoadOrder, 'milliseconds' | 'updates'>): Promise<LiveSlice> => {
    const pace: LoadOrder['pace'] = { kind: 'answered', inFlight: IN_FLIGHT };
    return measureLoad(context, { servers: [server], load: { fleet, pace, campaigns: [campaign], ...limits } });
  };
  context.report(`writing ${LONG} versions`);
  await update(IN_USE, { milliseconds: 60_000, updates: LONG });
  const long: LiveSlice[] = [];
  const fresh: LiveSlice[] = [];
  for (let round = 1; round <= context.slices; round += 1) {
    fresh.push(await update(IN_USE + round, { milliseconds: SLICE_MS }));
    long.push(await update(IN_USE, { milliseconds: SLICE_MS }));
    context.report(`round ${round} of ${context.slices}`);
  }
  return [
    ['a journal that begins', fresh],
    [`a journal of ${formatCount(LONG)} versions and more`, long],
  ];
}

function format(rows: readonly (readonly [string, readonly LiveSlice[]])[]): Section {
  const cost = (own: readonly LiveSlice[] = []): number =>
    selectLowest(own.map(({ serverMicros, accepted }) => serverMicros / accepted));
  const cells = rows.map(([label, own]) => [
    label,
    formatCount(selectHighest(own.map(({ acceptedPerSecond }) => acceptedPerSecond))),
    formatCount(cost(own)),
    selectLowest(own.map(({ answers }) => answers.p50)).toFixed(1),
    selectLowest(own.map(({ answers }) => answers.p99)).toFixed(1),
    ...formatBusy(own),
  ]);
  const [few, many, fresh, long] = rows.map(([, own]) => own);
  return {
    name: 'growth',
    title: 'Growth',
    note,
    tables: [markdownTable(['updates with', 'acked/s', 'CPU µs each', 'ack p50 ms', 'p99 ms', ...busyHead], cells)],
    verdicts: [
      atMost(
        `CPU of an update with ${formatCount(LIVE[1])} live campaigns, ÷ ${LIVE[0]}`,
        FLAT,
        cost(many) / cost(few),
        2,
      ),
      atMost('CPU of an update with a long journal, ÷ a new one', FLAT, cost(long) / cost(fresh), 2),
    ],
  };
}
