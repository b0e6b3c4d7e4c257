import { markdownTable } from '../lib/markdown.ts';
import { type MemoryPeak } from '../lib/protocol.ts';
import { type RunOptions } from '../lib/runner.ts';
import { startServer } from '../lib/server-process.ts';
import { selectTally, settle } from '../lib/settle.ts';
import { type Destination } from './destinations.ts';

/** A backlog that was delivered. */
export interface DrainRun {
  readonly destination: Destination['name'];
  readonly backlog: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  /** The memory at rest, and the most that was seen. */
  readonly before: MemoryPeak;
  readonly peak: MemoryPeak;
  /** How many attempts were in vain. */
  readonly failed: number;
}

const BACKLOGS = [5_000, 50_000];
const DESTINATIONS: readonly Destination['name'][] = ['instant', 'files'];
const ROUNDS = 1;
const REST_MS = 1_000;

export const drainTitle = 'Delivering a backlog';

/** What a reader must know to read the table. */
export const drainNote = `A new process finds changes of 1,000 campaigns (3 KB each, in the database), and delivers each to Kinesis, SQS and Fastly:
from the start of the service to the last of them. Neither the time for a change nor the memory
may follow how many there are. "Memory" is the anonymous memory of the process: the pages of the database that the system
maps into it are left out.`;

async function measure(
  { name, deliver }: Destination,
  backlog: number,
  variables: RunOptions['variables'],
): Promise<DrainRun> {
  const server = await startServer('backlog', ['--backlog', String(backlog), '--deliver', deliver], variables);
  try {
    await server.usage();
    await new Promise(resolve => setTimeout(resolve, REST_MS));
    const before = await server.usage();
    // Each question forgets the peak.
    const seen: MemoryPeak[] = [];
    const usage = async () => {
      const answer = await server.usage();
      if (answer.peak !== undefined) seen.push(answer.peak);
      return answer;
    };
    const startedAt = performance.now();
    server.begin();
    const after = await settle({ usage }, backlog);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (before.peak === undefined) throw new Error('The server does not watch its memory.');
    return {
      destination: name,
      backlog,
      seconds,
      cpuMicros: after.cpuMicros - before.cpuMicros,
      before: before.peak,
      peak: joinPeaks(seen),
      failed: selectTally(after).failed,
    };
  } finally {
    await server.stop();
  }
}

/** The highest of several peaks. */
export function joinPeaks(peaks: readonly MemoryPeak[]): MemoryPeak {
  const anonymous = peaks.flatMap(({ anonymousBytes }) => anonymousBytes ?? []);
  return {
    heapUsedBytes: Math.max(0, ...peaks.map(({ heapUsedBytes }) => heapUsedBytes)),
    anonymousBytes: anonymous.length === 0 ? undefined : Math.max(...anonymous),
  };
}

/** Measures the delivery of backlogs; gives the quickest run of each. */
export async function runDrains(
  destinations: readonly Destination[],
  { report, variables }: Pick<RunOptions, 'report' | 'variables'>,
): Promise<DrainRun[]> {
  const kinds = destinations
    .filter(({ name }) => DESTINATIONS.includes(name))
    .flatMap(destination => BACKLOGS.map(backlog => ({ destination, backlog })));
  const best = new Map<(typeof kinds)[number], DrainRun>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const kind of kinds) {
      report(`backlog ${round} of ${ROUNDS}: ${kind.backlog} to ${kind.destination.label}`);
      const run = await measure(kind.destination, kind.backlog, variables);
      if (run.seconds < (best.get(kind)?.seconds ?? Infinity)) best.set(kind, run);
    }
  }
  return [...best.values()];
}

const inMegabytes = (bytes: number | undefined): string => (bytes === undefined ? '–' : (bytes / 2 ** 20).toFixed(0));

/** Writes the table; each backlog is compared with the first one to the same destination. */
export function drainTable(destinations: readonly Destination[], runs: readonly DrainRun[]): string {
  const head = [
    'delivered to',
    'changes',
    'seconds',
    'changes/s',
    '×',
    'CPU µs each',
    '×',
    'memory MB before',
    'peak',
    'heap MB before',
    'peak',
    'in vain',
  ];
  const rows = runs.map(({ destination, backlog, seconds, cpuMicros, before, peak, failed }) => {
    const first = runs.find(run => run.destination === destination) ?? { backlog, seconds, cpuMicros };
    return [
      destinations.find(({ name }) => name === destination)?.label ?? destination,
      backlog.toLocaleString('en'),
      seconds.toFixed(2),
      (backlog / seconds).toFixed(0),
      (backlog / seconds / (first.backlog / first.seconds)).toFixed(2),
      (cpuMicros / backlog).toFixed(0),
      (cpuMicros / backlog / (first.cpuMicros / first.backlog)).toFixed(2),
      inMegabytes(before.anonymousBytes),
      inMegabytes(peak.anonymousBytes),
      inMegabytes(before.heapUsedBytes),
      inMegabytes(peak.heapUsedBytes),
      String(failed),
    ];
  });
  return markdownTable(head, rows);
}
