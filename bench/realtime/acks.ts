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
import { type BenchContext, type LiveCandidate, type LiveSlices, measureSlices } from './measure.ts';

const SUBSCRIBERS = 100;
const PUBLISHERS = 8;
const IN_FLIGHT = 16;
const SLICE_MS = 1_000;
const CAMPAIGNS = 20;

const peers: Readonly<
  Record<string, { readonly server: string; readonly dialect: DialectName; readonly label: string }>
> = {
  ws: { server: 'live-ws', dialect: 'plain', label: 'ws, memory' },
  socketIo: { server: 'live-socketio', dialect: 'socketIo', label: 'Socket.IO, memory' },
  feathers: { server: 'live-feathers', dialect: 'feathers', label: 'Feathers 5, memory' },
};

const note = `${PUBLISHERS} publishers with ${IN_FLIGHT} updates under way each, ${SUBSCRIBERS} subscribers, one campaign. Every update goes to every
subscriber, and is answered. The service checks the token, the permission and the update, writes it to its journal on the
disk before it answers, and counts and tells of it; the peers merge it into an object, and do no more. The rows with one
update under way say how long a single one takes.`;

/** Measures updates with an acknowledgement, beside peers. */
export async function runAcks(context: BenchContext): Promise<Section> {
  const { world, generator } = context;
  const running: ServerProcess[] = [];
  const candidates: LiveCandidate[] = [];

  const connect = async (name: string, server: ServerProcess, dialect: DialectName): Promise<void> => {
    running.push(server);
    await generator.open({
      name,
      dialect,
      ports: [server.port],
      tokens: [world.makeToken('bench')],
      campaigns: [campaignId(1)],
      subscribers: SUBSCRIBERS,
      publishers: PUBLISHERS,
    });
  };
  const add = (
    name: string,
    fleet: string,
    label: string,
    load: Pick<LiveCandidate['load'], 'pace' | 'publishers'>,
    isWarm = false,
  ): void => {
    const server = running.at(-1);
    if (server === undefined) return;
    candidates.push({ name, label, servers: [server], load: { fleet, milliseconds: SLICE_MS, ...load }, isWarm });
  };
  const addAll = (fleet: string, label: string): void => {
    add(fleet, fleet, label, { pace: { kind: 'answered', inFlight: IN_FLIGHT } });
    add(`${fleet}-eight`, fleet, `${label}, one each`, { pace: { kind: 'answered', inFlight: 1 } }, true);
    add(
      `${fleet}-one`,
      fleet,
      `${label}, one in all`,
      { pace: { kind: 'answered', inFlight: 1 }, publishers: 1 },
      true,
    );
  };

  try {
    for (const isMongodbUsed of world.mongodbUri === undefined ? [false] : [false, true]) {
      const fleet = isMongodbUsed ? 'mongodb' : 'service';
      const data = await world.prepare({ campaigns: CAMPAIGNS, isMongodbUsed });
      await connect(fleet, await world.startService(data), 'service');
      addAll(fleet, `**campaign-service**, ${isMongodbUsed ? 'MongoDB' : 'embedded store'}`);
    }
    for (const [name, { server, dialect, label }] of Object.entries(peers)) {
      await connect(name, await startServer(server), dialect);
      add(name, name, label, { pace: { kind: 'answered', inFlight: IN_FLIGHT } });
    }
    return format(candidates, await measureSlices(context, candidates));
  } finally {
    for (const server of running) await server.stop();
  }
}

function format(candidates: readonly LiveCandidate[], slices: LiveSlices): Section {
  const select = (name: string) => slices.get(name) ?? [];
  const rate = (name: string): number => selectHighest(select(name).map(({ acceptedPerSecond }) => acceptedPerSecond));
  const wait = (name: string): number => selectLowest(select(name).map(({ answers }) => answers.p99));
  const rows = candidates.map(({ name, label }) => {
    const own = select(name);
    return [
      label,
      formatCount(rate(name)),
      formatCount(selectMedian(own.map(({ acceptedPerSecond }) => acceptedPerSecond))),
      (rate(name) / rate('feathers')).toFixed(1),
      (rate(name) / rate('ws')).toFixed(1),
      formatCount(selectLowest(own.map(({ serverMicros, accepted }) => serverMicros / accepted))),
      selectLowest(own.map(({ answers }) => answers.p50)).toFixed(1),
      wait(name).toFixed(1),
      formatCount(selectHighest(own.map(({ patchesPerSecond }) => patchesPerSecond))),
      ...formatBusy(own),
    ];
  });
  const head = [
    'updates of',
    'acked/s',
    'median',
    '÷ Feathers',
    '÷ ws',
    'CPU µs each',
    'ack p50 ms',
    'p99 ms',
    'patches/s',
  ];
  return {
    name: 'acks',
    title: 'Updates with an acknowledgement',
    note,
    tables: [markdownTable([...head, ...busyHead], rows)],
    verdicts: [
      atLeast('acknowledged updates/s, ÷ Feathers', 40, rate('service') / rate('feathers')),
      atMost('acknowledgement p99, one update under way of each publisher, ms', 10, wait('service-eight')),
      atMost('acknowledgement p99, one update under way in all, ms', 10, wait('service-one')),
    ],
  };
}
