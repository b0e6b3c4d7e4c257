import { type LoopDelay, type MemoryPeak } from '../lib/protocol.ts';
import { type NoiseMeter } from '../lib/noise.ts';
import { type ServerProcess } from '../lib/server-process.ts';
import { shuffle } from '../lib/shuffle.ts';
import { type Generator } from './generator-process.ts';
import { type LoadOrder, type LoadResult } from './load.ts';
import { type World } from './world.ts';

/** What suites measure with. */
export interface BenchContext {
  readonly world: World;
  readonly generator: Generator;
  readonly noise: NoiseMeter;
  /** How many slices each candidate gets. */
  readonly slices: number;
  readonly report: (line: string) => void;
}

/** A load that is measured again and again: a row of a table. */
export interface LiveCandidate {
  readonly name: string;
  readonly label: string;
  readonly servers: readonly ServerProcess[];
  readonly load: LoadOrder;
  /** Brings its servers and clients to where a slice is to begin. */
  readonly prepare?: () => Promise<void>;
  /** Whether another candidate warms its servers up. */
  readonly isWarm?: boolean;
}

/** What one load came to, on both sides. */
export interface LiveSlice extends LoadResult {
  /** Processor time of all servers until everything had arrived. */
  readonly serverMicros: number;
  /** Of which this much by the busiest of them, in cores. */
  readonly serverCores: number;
  readonly generatorCores: number;
  /** Of the first server. */
  readonly peak: MemoryPeak | undefined;
  readonly loop: LoopDelay | undefined;
}

export type LiveSlices = ReadonlyMap<string, readonly LiveSlice[]>;

/** For each server: what several share warms each of them up by its part alone. */
const WARM_UPDATES = 15_000;
const WARM_RUNS = { least: 2, most: 4 };

/** Loads servers once. Throws when a client was disconnected, missed a version, or did not get the last one. */
export async function measureLoad(
  { generator, noise }: Pick<BenchContext, 'generator' | 'noise'>,
  { servers, load }: Pick<LiveCandidate, 'servers' | 'load'>,
): Promise<LiveSlice> {
  const { ownCpuMicros: _, ...slice } = await noise.during(async () => {
    const before = await Promise.all(servers.map(server => server.usage()));
    const result = await generator.run(load);
    const after = await Promise.all(servers.map(server => server.usage()));
    const micros = after.map(({ cpuMicros }, at) => cpuMicros - (before[at]?.cpuMicros ?? 0));
    const serverMicros = micros.reduce((sum, one) => sum + one, 0);
    const totalMicros = result.totalMilliseconds * 1000;
    return {
      ...result,
      serverMicros,
      serverCores: Math.max(...micros) / totalMicros,
      generatorCores: result.cpuMicros / totalMicros,
      peak: after[0]?.peak,
      loop: after[0]?.loop,
      ownCpuMicros: serverMicros + result.cpuMicros,
    };
  });
  if (slice.gaps > 0) throw new Error(`Versions were missing ${slice.gaps} times.`);
  if (slice.behind > 0) throw new Error(`${slice.behind} were behind in the end.`);
  return slice;
}

async function measureSlice(context: BenchContext, candidate: LiveCandidate): Promise<LiveSlice> {
  await candidate.prepare?.();
  return measureLoad(context, candidate);
}

/** Loads a candidate until its code is compiled. */
export async function warmUp(context: BenchContext, candidate: LiveCandidate): Promise<void> {
  context.report(`warming up: ${candidate.label}`);
  const { length } = candidate.servers;
  for (
    let run = 0, accepted = 0;
    run < WARM_RUNS.least || (accepted < WARM_UPDATES * length && run < WARM_RUNS.most * length);
    run += 1
  ) {
    accepted += (await measureSlice(context, candidate)).accepted;
  }
}

/** Measures candidates side by side: warmed up, then a slice of each in every round, in a new order each time. */
export async function measureSlices(context: BenchContext, candidates: readonly LiveCandidate[]): Promise<LiveSlices> {
  for (const candidate of candidates) if (candidate.isWarm !== true) await warmUp(context, candidate);
  const slices = new Map(candidates.map(({ name }) => [name, [] as LiveSlice[]]));
  for (let round = 1; round <= context.slices; round += 1) {
    for (const candidate of shuffle(candidates)) {
      slices.get(candidate.name)?.push(await measureSlice(context, candidate));
    }
    context.report(`round ${round} of ${context.slices}`);
  }
  return slices;
}
