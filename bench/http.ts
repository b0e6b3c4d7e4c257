// Measures the service beside its peers over HTTP, with wrk, and writes one markdown document:
// `npm run bench:http -- --slices 12 --only read,update --write docs/performance.md`.
import { buildServers } from './lib/build.ts';
import { describeCommand, fail, publish, readArguments, requireWrk } from './lib/command.ts';
import { goalTable } from './lib/goals.ts';
import { describeMachine } from './lib/machine.ts';
import { openMongodb } from './lib/mongodb.ts';
import { describeNoise, describeRun } from './lib/report.ts';
import { runCandidates } from './lib/runner.ts';
import { refreshNote, refreshTable, refreshTitle, runRefreshes } from './refresh.ts';
import { createSuites } from './suites.ts';

const REFRESH = 'refresh';
const usage = `usage: bench:http [--slices N] [--only name,name] [--json file] [--write file]
  --slices  one-second slices for each candidate, 8 or more for figures that are worth keeping (default 10)
  --only    suites (read, update, growth, ${REFRESH}), or candidates by the beginning of their names
  --json    a file for the figures of every slice
  --write   a file for the document, which is printed in any case
MONGODB_URI, or MONGODB_TEST_SERVER with a command, adds a MongoDB to growth and ${REFRESH}.`;

const { slices, words, json, write } = readArguments({ usage, slices: 10 });
const generator = requireWrk();

const isAsked = (suite: string, candidate = ''): boolean =>
  words.length === 0 || words.some(word => word === suite || (candidate !== '' && candidate.startsWith(word)));
const hasMongodb = Boolean(process.env['MONGODB_URI'] ?? process.env['MONGODB_TEST_SERVER']);
const chosen = createSuites({ hasMongodb })
  .map(suite => ({ ...suite, candidates: suite.candidates.filter(({ name }) => isAsked(suite.name, name)) }))
  .filter(({ candidates }) => candidates.length > 0);
if (chosen.length === 0 && !isAsked(REFRESH)) fail(`There is no candidate ${words.join(',')}.\n${usage}`);

const report = (line: string): void => console.error(line);
report('compiling');
buildServers();
const mongodb = await openMongodb();
const options = { slices, report, variables: mongodb?.variables ?? {} };
const machine = describeMachine();
const sections: string[] = [];
const results: unknown[] = [];
try {
  for (const { name, title, note, candidates, goals = [], ...suite } of chosen) {
    const { outcomes, noise } = await runCandidates(candidates, options);
    if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
    const reached = goalTable(goals, outcomes);
    const parts = [`## ${title}`, note, suite.format(outcomes), ...(reached ? [reached] : []), describeNoise(noise)];
    sections.push(parts.join('\n\n'));
    results.push({ name, title, noise, outcomes });
  }
  if (isAsked(REFRESH)) {
    const runs = await runRefreshes({ hasMongodb: mongodb !== undefined }, options);
    sections.push([`## ${refreshTitle}`, refreshNote, refreshTable(runs)].join('\n\n'));
    results.push({ name: REFRESH, title: refreshTitle, runs });
  }
} finally {
  await mongodb?.stop();
}

const about = [
  `Taken ${describeRun(machine, generator)}, by \`${describeCommand('bench:http')}\`: ${slices} seconds for each candidate.`,
  mongodb === undefined ? 'No MongoDB was given to measure.' : `"MongoDB" is ${mongodb.description}.`,
].join('\n');
const preface = new URL('./preface.md', import.meta.url);
await publish({ preface, about, sections, write, json, figures: { machine, generator, results } });
