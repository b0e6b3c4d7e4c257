// Measures the service beside its peers over HTTP, with wrk: `npm run bench:http -- --slices 12 --only node-read,koa-object`.
// The figures of one run are comparable with one another, not with those of another run or machine.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from './lib/machine.ts';
import { describeNoise, describeRun, outcomeTable } from './lib/report.ts';
import { runCandidates } from './lib/runner.ts';
import { connections, wrkVersion } from './lib/wrk.ts';
import { suites } from './suites.ts';

const usage = `usage: bench:http [--slices N] [--only name,name] [--json file]
  --slices  one-second slices for each candidate, 8 or more for figures that are worth keeping (default 10)
  --only    candidates, or whole suites: ${suites.flatMap(suite => [suite.name, ...suite.candidates.map(({ name }) => name)]).join(', ')}
  --json    a file for the figures of every slice`;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { slices: { type: 'string', default: '10' }, only: { type: 'string' }, json: { type: 'string' } },
    });
    return values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

const { slices: slicesText, only, json } = readArguments();
const slices = Number(slicesText);
if (!Number.isInteger(slices) || slices < 1) fail(`--slices needs a whole number from 1 on.\n${usage}`);
const asked = only?.split(',');
const chosen = suites
  .map(suite => ({
    ...suite,
    candidates: suite.candidates.filter(
      ({ name }) => asked?.some(word => word === name || word === suite.name) ?? true,
    ),
  }))
  .filter(({ candidates }) => candidates.length > 0);
const known = new Set(suites.flatMap(suite => [suite.name, ...suite.candidates.map(({ name }) => name)]));
const unknown = asked?.filter(word => !known.has(word)) ?? [];
if (unknown.length > 0) fail(`There is no candidate ${unknown.join(', ')}.\n${usage}`);

const generator = wrkVersion();
if (generator === undefined)
  fail('The benchmark needs wrk: install it with `apt-get install wrk` or `brew install wrk`.');

const machine = describeMachine();
console.log(`${describeRun(machine, generator)}, 1 thread, ${connections} connections`);
console.log(
  `Each figure is the mean of the best 3 of ${slices} one-second slices; CPU is that of the server's process.`,
);
const report = (line: string): void => console.error(line);
const results = [];
for (const { name, title, bases, candidates } of chosen) {
  const { outcomes, noise } = await runCandidates(candidates, { slices, report });
  console.log(`\n## ${title}\n\n${outcomeTable(outcomes, bases)}\n\n${describeNoise(noise)}`);
  if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
  results.push({ name, title, noise, outcomes });
}
if (json !== undefined)
  writeFileSync(json, `${JSON.stringify({ machine, generator, connections, results }, undefined, 2)}\n`);
