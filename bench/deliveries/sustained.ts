import { markdownTable } from '../lib/markdown.ts';
import { type RunOptions } from '../lib/runner.ts';
import { selectTarget, type ServerProcess, startServer } from '../lib/server-process.ts';
import { selectTally, settle } from '../lib/settle.ts';
import { shuffle } from '../lib/shuffle.ts';
import { countDelivered, countWaiting } from '../lib/tally.ts';
import { runWrk, usualConnections } from '../lib/wrk.ts';
import { type Destination } from './destinations.ts';

/** A load that lasts, and what became of its changes. */
export interface SustainedRun {
  readonly writesPerSecond: number;
  /** Of the effect that is furthest behind, while the load lasted. */
  readonly deliveredPerSecond: number;
  /** How many changes were still to be delivered when it ended. */
  readonly waiting: number;
  /** How long they took after it. */
  readonly drainedSeconds: number;
  /** CPU time while the load lasted, in cores. */
  readonly serviceCores: number;
  readonly targetCores: number;
  /** How many attempts were in vain. */
  readonly failed: number;
}

const SECONDS = 6;
const WARM_UP_SECONDS = 5;
const ROUNDS = 2;

export const sustainedTitle = 'Changes that last';

/** What a reader must know to read the table. */
export const sustainedNote = `The same writes from ${usualConnections} connections for ${SECONDS} seconds without a pause; the better of ${ROUNDS} runs. "Delivered/s" counts
the target that is furthest behind. What the targets cannot take yet waits in the database, and is delivered after the
load. The targets are one process with one thread: at a whole core, they are the limit.`;

async function measure(destination: Destination, variables: RunOptions['variables']): Promise<SustainedRun> {
  const server = await startServer('service', ['--deliver', destination.deliver], variables);
  try {
    return await measureServer(server, destination);
  } finally {
    await server.stop();
  }
}

async function measureServer(server: ServerProcess, { process }: Destination): Promise<SustainedRun> {
  const load = (seconds: number) =>
    runWrk(server.port, selectTarget(server, 'update'), { connections: usualConnections, seconds });
  await load(WARM_UP_SECONDS);
  const before = await settle(server);
  const targetsBefore = await process?.usage();
  const startedAt = performance.now();
  const { requestsPerSecond, faults } = await load(SECONDS);
  const after = await server.usage();
  const seconds = (performance.now() - startedAt) / 1_000;
  const targetsAfter = await process?.usage();
  if (faults.length > 0) throw new Error(faults.join('; '));
  const endedAt = performance.now();
  const end = await settle(server);
  const cores = (from = 0, until = 0): number => (until - from) / 1e6 / seconds;
  const delivered = countDelivered(selectTally(after)) - countDelivered(selectTally(before));
  return {
    writesPerSecond: requestsPerSecond,
    deliveredPerSecond: delivered / seconds,
    waiting: countWaiting(selectTally(after)),
    drainedSeconds: (performance.now() - endedAt) / 1_000,
    serviceCores: cores(before.cpuMicros, after.cpuMicros),
    targetCores: cores(targetsBefore?.cpuMicros, targetsAfter?.cpuMicros),
    failed: selectTally(end).failed - selectTally(before).failed,
  };
}

/** Measures each destination; gives the run in which the most was delivered. */
export async function runSustained(
  destinations: readonly Destination[],
  { report, variables }: Pick<RunOptions, 'report' | 'variables'>,
): Promise<ReadonlyMap<Destination['name'], SustainedRun>> {
  const best = new Map<Destination['name'], SustainedRun>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const destination of shuffle(destinations)) {
      report(`load that lasts, ${round} of ${ROUNDS}: ${destination.label}`);
      const run = await measure(destination, variables);
      const known = best.get(destination.name);
      if (known === undefined || run.deliveredPerSecond > known.deliveredPerSecond) best.set(destination.name, run);
    }
  }
  return best;
}

/** What keeps changes from being delivered as quickly as they are written; undefined when they are. */
export function selectLimit({ writesPerSecond, waiting, serviceCores, targetCores }: SustainedRun): string | undefined {
  // What gathers, or is just under way, waits as well.
  if (waiting < writesPerSecond) return undefined;
  return targetCores > serviceCores ? 'the targets' : 'the service';
}

/** Writes the table. */
export function sustainedTable(
  destinations: readonly Destination[],
  runs: ReadonlyMap<Destination['name'], SustainedRun>,
): string {
  const head = [
    'delivered to',
    'writes/s',
    'delivered/s',
    'waiting after',
    's until delivered',
    'cores: service',
    'targets',
    'in vain',
    'limit',
  ];
  const rows = destinations.flatMap(({ name, label }) => {
    const run = runs.get(name);
    if (run === undefined) return [];
    const isOff = name === 'off';
    return [
      [
        label,
        run.writesPerSecond.toFixed(0),
        isOff ? '–' : run.deliveredPerSecond.toFixed(0),
        isOff ? '–' : run.waiting.toLocaleString('en'),
        isOff ? '–' : run.drainedSeconds.toFixed(1),
        run.serviceCores.toFixed(2),
        run.targetCores === 0 ? '–' : run.targetCores.toFixed(2),
        isOff ? '–' : String(run.failed),
        isOff ? '–' : (selectLimit(run) ?? 'the writes'),
      ],
    ];
  });
  return markdownTable(head, rows);
}
