import { parseCount, parseDuration } from '../../scripts/lib/values.ts';
import { exitCodes, print, runCommand, tell, UsageError } from '../../scripts/lib/command.ts';
import { storeTargets, type StoreTarget } from '../support/store-targets.ts';
import { type ChannelProof, throwIfBroken } from './channel-proof.ts';
import {
  runBadNetwork,
  runJumpingClocks,
  runKilledInstances,
  runLostDatabase,
  runLostRedis,
  type ScenarioOptions,
} from './channel-scenarios.ts';
import { runSlowReaders } from './slow-readers.ts';
import { runSoak } from './soak.ts';

const help = `
chaos: breaks what the channel stands on, over and over, and holds what its clients saw against what they were promised.
Runs the named scenarios in turn (all but soak, when none is named) until the time is over; the first broken promise ends it.

  network        connections are delayed, cut in the midst of a frame, and half closed
  kill           instances are killed: one on the embedded store, two over a server
  kill3          three instances over a server are killed
  redis          Redis is killed, frozen and emptied
  database       the database is killed and restarted
  clock          clocks jump by up to an hour
  slow           50 of 1,000 subscribers stop reading
  soak           nothing breaks; prints what is in use between rounds of work

  --for SPAN     how long (1m)
  --rounds N     how often something breaks in each run (6)
  --updates N    how many updates are acknowledged in between (300)
  --seed N       the seed of the first run; those that follow have the next ones

With MONGODB_TEST_SERVER (a command, {port} and {data} filled in) instances share the server that it starts; kill3 and database
need it. Prints a line of JSON for each run.

Examples
  npm run --silent chaos -- --for 10m
  npm run --silent chaos -- soak --for 30m

Exit codes
  0 every promise was kept   1 one was broken: told on standard error   2 the command line is not valid
`;

type Scenario = (options: ScenarioOptions, target: StoreTarget) => Promise<ChannelProof>;

const scenarios: Readonly<Record<string, Scenario>> = {
  network: runBadNetwork,
  kill: (options, target) => runKilledInstances({ ...options, instances: 2 }, target),
  kill3: (options, target) => runKilledInstances({ ...options, instances: 3 }, target),
  redis: runLostRedis,
  database: runLostDatabase,
  clock: runJumpingClocks,
};
const NEED_SERVER = new Set(['kill3', 'database']);

await runCommand({
  help,
  options: {
    for: { type: 'string', default: '1m' },
    rounds: { type: 'string', default: '6' },
    updates: { type: 'string', default: '300' },
    seed: { type: 'string' },
  },
  async run({ values, positionals }) {
    const forMs = parseDuration('--for', values.for);
    const extent = { rounds: parseCount('--rounds', values.rounds), updates: parseCount('--updates', values.updates) };
    const firstSeed =
      values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : parseCount('--seed', values.seed);
    const targets = storeTargets();
    const target = targets.at(-1);
    if (target === undefined) throw new UsageError('There is no database.');
    const names = positionals.length > 0 ? positionals : selectAll(target);
    for (const name of names) throwIfImpossible(name, target);

    const startedAt = performance.now();
    try {
      for (let seed = firstSeed, turn = 0; turn === 0 || performance.now() - startedAt < forMs; seed += 1, turn += 1) {
        const name = names[turn % names.length] ?? '';
        tell(`${name} --seed ${seed}`);
        await runOne(name, { ...extent, seed }, { target, forMs });
      }
      return exitCodes.done;
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
      return exitCodes.failed;
    } finally {
      for (const one of targets) await one.stop();
    }
  },
});

function selectAll({ kind }: StoreTarget): string[] {
  return [...Object.keys(scenarios), 'slow'].filter(name => kind === 'mongodb' || !NEED_SERVER.has(name));
}

function throwIfImpossible(name: string, { kind }: StoreTarget): void {
  if (scenarios[name] === undefined && name !== 'slow' && name !== 'soak')
    throw new UsageError(`There is no scenario '${name}'.`);
  if (NEED_SERVER.has(name) && kind === 'embedded') throw new UsageError(`'${name}' needs MONGODB_TEST_SERVER.`);
}

/** Runs a scenario. Throws what it has shown to be wrong. */
async function runOne(
  name: string,
  options: ScenarioOptions,
  { target, forMs }: { readonly target: StoreTarget; readonly forMs: number },
): Promise<void> {
  if (name === 'slow') {
    const result = await runSlowReaders({ slow: 50, readers: 1_000, updates: 100 });
    print(JSON.stringify({ name, ...result }));
    if (result.faults.length > 0) throw new Error(result.faults.slice(0, 20).join('\n'));
    if (result.grownBytes > result.sentBytes / 2)
      throw new Error(`${result.grownBytes} bytes are kept for slow readers.`);
    return;
  }
  if (name === 'soak') {
    const onRound = (figures: object): void => print(JSON.stringify({ name, ...figures }));
    const { broken, baseline, last } = await runSoak({ seed: options.seed, seconds: forMs / 1000, onRound });
    for (const proof of broken) throwIfBroken(proof);
    if (last.handles > baseline.handles || last.memoryMb > 1.5 * baseline.memoryMb + 32)
      throw new Error('More is in use at the end than after the second round.');
    return;
  }
  const proof = (await scenarios[name]?.(options, target)) as ChannelProof;
  const { faults, journalFaults, surprises, complaints, ...figures } = proof;
  print(JSON.stringify({ name, seed: options.seed, faults: faults.length, ...figures }));
  throwIfBroken({ ...figures, faults, journalFaults, surprises, complaints });
}
