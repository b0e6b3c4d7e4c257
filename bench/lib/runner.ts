import { checkTarget } from './check.ts';
import { type Slice } from './estimate.ts';
import { createNoiseMeter, type Noise } from './noise.ts';
import { selectTarget, type ServerProcess, startServer, type Variables } from './server-process.ts';
import { settle } from './settle.ts';
import { shuffle } from './shuffle.ts';
import { runWrk, usualConnections } from './wrk.ts';

/** One row of a table: a server, and what it is asked. */
export interface Candidate {
  /** Its short name, for `--only` and as a base of ratios. */
  readonly name: string;
  readonly label: string;
  /** The file in bench/servers, without its ending. */
  readonly server: string;
  readonly args?: readonly string[];
  /** The name of one of the server's targets. */
  readonly target: string;
  /** How many connections load it; the usual number when left out. */
  readonly connections?: number;
  /** Candidates of the same server and arguments that name the same process share it; else each has one of its own. */
  readonly process?: string;
  /** A slice ends only when the service has delivered its changes: that CPU time counts, and the next slice is spared it. */
  readonly isSettled?: boolean;
}

export interface Outcome {
  readonly candidate: Candidate;
  readonly slices: readonly Slice[];
  /** The size of the body of an answer. */
  readonly answerBytes?: number;
  /** Why the candidate does not count. */
  readonly failure?: string;
}

export interface RunOptions {
  /** How many slices of one second each candidate gets. */
  readonly slices: number;
  /** Is told what happens, a line each. */
  readonly report: (line: string) => void;
  /** The variables of the servers besides those of this process. */
  readonly variables?: Variables;
  /** What the servers use: its CPU time is not that of other processes. */
  readonly helpers?: readonly ServerProcess[];
}

/** One candidate while it runs. */
interface Runner {
  readonly candidate: Candidate;
  readonly slices: Slice[];
  server?: ServerProcess;
  answerBytes?: number;
  failure?: string;
}

// Warm by requests, not by time alone: a slow candidate needs as many as a quick one until its code is compiled. Quick
// ones get a few seconds all the same, as they go on getting quicker for that long.
const warmUpRequests = 10_000;
const warmUpRuns = { least: 3, most: 10 };

async function readCpuMicros(servers: readonly ServerProcess[]): Promise<number> {
  const usages = await Promise.all(servers.map(server => server.usage()));
  return usages.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
}

/** Loads the server for one second. Throws when an answer was neither 2xx nor 3xx, or a connection broke. */
async function measure(
  server: ServerProcess,
  { target, connections = usualConnections, isSettled = false }: Candidate,
  helpers: readonly ServerProcess[] = [],
): Promise<Slice & { ownCpuMicros: number }> {
  const before = await server.usage();
  const helped = await readCpuMicros(helpers);
  const result = await runWrk(server.port, selectTarget(server, target), { connections, seconds: 1 });
  const after = await (isSettled ? settle(server) : server.usage());
  if (result.faults.length > 0) throw new Error(result.faults.join('; '));
  const serverCpuMicros = after.cpuMicros - before.cpuMicros;
  return {
    ...result,
    ownCpuMicros: serverCpuMicros + (await readCpuMicros(helpers)) - helped,
    cpuMicrosPerRequest: serverCpuMicros / result.requests,
    rssBytes: after.rssBytes,
  };
}

async function warmUp(runner: Runner, server: ServerProcess): Promise<void> {
  const { candidate } = runner;
  runner.server = server;
  runner.answerBytes = await checkTarget(server.port, selectTarget(server, candidate.target));
  for (
    let run = 0, requests = 0;
    run < warmUpRuns.least || (requests < warmUpRequests && run < warmUpRuns.most);
    run += 1
  ) {
    requests += (await measure(server, candidate)).requests;
  }
}

/**
 * Measures the candidates side by side: their servers started and warmed up first; then, round by round and in a new
 * random order each time, a slice of one second each. A candidate that fails is left out from there on, with its reason.
 */
export async function runCandidates(
  candidates: readonly Candidate[],
  { slices, report, variables, helpers }: RunOptions,
): Promise<{ outcomes: Outcome[]; noise: Noise | undefined }> {
  const runners = candidates.map((candidate): Runner => ({ candidate, slices: [] }));
  const servers = new Map<string, Promise<ServerProcess>>();
  const serve = (candidate: Candidate): Promise<ServerProcess> => {
    const key = candidate.process ?? candidate.name;
    const server = servers.get(key) ?? startServer(candidate.server, candidate.args, variables);
    servers.set(key, server);
    return server;
  };
  const noise = createNoiseMeter();
  const attempt = async (runner: Runner, step: () => Promise<void>): Promise<void> => {
    if (runner.failure !== undefined) return;
    try {
      await step();
    } catch (error) {
      runner.failure = (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ').slice(0, 200);
      report(`FAILED: ${runner.candidate.name}: ${runner.failure}`);
    }
  };
  for (const runner of runners) {
    report(`warming up ${runner.candidate.name}`);
    await attempt(runner, async () => warmUp(runner, await serve(runner.candidate)));
  }
  for (let round = 1; round <= slices; round += 1) {
    for (const runner of shuffle(runners)) {
      await attempt(runner, async () => {
        const { server, candidate } = runner;
        if (server === undefined) return;
        const { ownCpuMicros: _, ...slice } = await noise.during(() => measure(server, candidate, helpers));
        runner.slices.push(slice);
      });
    }
    report(`round ${round} of ${slices}`);
  }
  for (const server of servers.values()) {
    await server.then(
      started => started.stop(),
      () => undefined,
    );
  }
  return { outcomes: runners.map(({ server: _, ...outcome }) => outcome), noise: noise.read() };
}
