import { ask } from './lib/check.ts';
import { markdownTable } from './lib/markdown.ts';
import { type MemoryPeak } from './lib/protocol.ts';
import { type RunOptions } from './lib/runner.ts';
import { selectTarget, startServer } from './lib/server-process.ts';
import { type Population } from './lib/stored-campaign.ts';

/** One refresh of many campaigns. */
export interface RefreshRun {
  readonly store: 'embedded' | 'mongodb';
  readonly population: Population;
  readonly seconds: number;
  readonly cpuMicros: number;
  /** The memory at rest, and the most that was seen during the refresh. */
  readonly before: MemoryPeak;
  readonly peak: MemoryPeak;
}

const populations: readonly Population[] = [
  { campaigns: 5_000, due: 500 },
  { campaigns: 50_000, due: 500 },
  { campaigns: 50_000, due: 5_000 },
];
const rounds = 3;
const restMs = 1_000;

export const refreshTitle = 'Refresh: opening what is due';

/** What a reader must know to read the table. */
export const refreshNote = `One \`POST /campaigns/refresh\` in a new process; each campaign that is due is validated, opened and written to disk with
its change record. The quickest of ${rounds} runs. Time must follow what is due, not what there is, and memory neither.
"Memory" is the anonymous memory of the process: the pages of the database that the system maps into it are left out.
What grows with what is due is the embedded store's cache of documents, up to its bound.`;

async function measure(
  store: RefreshRun['store'],
  population: Population,
  { variables }: Pick<RunOptions, 'variables'>,
): Promise<RefreshRun> {
  const size = ['--campaigns', String(population.campaigns), '--due', String(population.due)];
  const args = [...size, '--memory', ...(store === 'mongodb' ? ['--mongodb'] : [])];
  const server = await startServer('service', args, variables);
  try {
    await server.usage();
    await new Promise(resolve => setTimeout(resolve, restMs));
    const before = await server.usage();
    const startedAt = performance.now();
    const { status, body } = await ask(server.port, selectTarget(server, 'refresh'));
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await server.usage();
    const { opened, failedCount } = (JSON.parse(body) as { data: { opened: number; failedCount: number } }).data;
    if (status !== 200 || opened !== population.due || failedCount !== 0) {
      throw new Error(`The refresh of ${population.due} was answered with ${status}: ${body.slice(0, 300)}`);
    }
    if (before.peak === undefined || after.peak === undefined) throw new Error('The server does not watch its memory.');
    return {
      store,
      population,
      seconds,
      cpuMicros: after.cpuMicros - before.cpuMicros,
      before: before.peak,
      peak: after.peak,
    };
  } finally {
    await server.stop();
  }
}

/** Measures refreshes; gives the quickest run of each store and population. Throws when one did not open what was due. */
export async function runRefreshes(
  { hasMongodb }: { readonly hasMongodb: boolean },
  { report, variables = {} }: Pick<RunOptions, 'report' | 'variables'>,
): Promise<RefreshRun[]> {
  const stores = hasMongodb ? (['embedded', 'mongodb'] as const) : (['embedded'] as const);
  const kinds = stores.flatMap(store => populations.map(population => ({ store, population })));
  const best = new Map<(typeof kinds)[number], RefreshRun>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) {
      report(`refresh ${round} of ${rounds}: ${kind.store}, ${kind.population.due} of ${kind.population.campaigns}`);
      const run = await measure(kind.store, kind.population, { variables });
      if (run.seconds < (best.get(kind)?.seconds ?? Infinity)) best.set(kind, run);
    }
  }
  return [...best.values()];
}

const inMegabytes = (bytes: number | undefined): string => (bytes === undefined ? '–' : (bytes / 2 ** 20).toFixed(0));

/** Writes the table of refreshes. */
export function refreshTable(runs: readonly RefreshRun[]): string {
  const head = [
    'store',
    'campaigns',
    'due',
    'seconds',
    'opened/s',
    'CPU µs each',
    'memory MB before',
    'peak',
    'heap MB before',
    'peak',
  ];
  const rows = runs.map(({ store, population: { campaigns, due }, seconds, cpuMicros, before, peak }) => [
    store === 'embedded' ? 'embedded' : 'MongoDB',
    campaigns.toLocaleString('en'),
    due.toLocaleString('en'),
    seconds.toFixed(2),
    (due / seconds).toFixed(0),
    (cpuMicros / due).toFixed(0),
    inMegabytes(before.anonymousBytes),
    inMegabytes(peak.anonymousBytes),
    inMegabytes(before.heapUsedBytes),
    inMegabytes(peak.heapUsedBytes),
  ]);
  return markdownTable(head, rows);
}
