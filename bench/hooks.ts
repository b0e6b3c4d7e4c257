// Measures what deliveries cost and how quick they are, with wrk, and writes one markdown document:
// `npm run bench:hooks -- --slices 8 --only writes,backlog --write docs/performance-deliveries.md`.
import { startDestinations } from './deliveries/destinations.ts';
import { drainNote, drainTable, drainTitle, runDrains } from './deliveries/drain.ts';
import { runSustained, sustainedNote, sustainedTable, sustainedTitle } from './deliveries/sustained.ts';
import { createWriteCandidates, writesNote, writesTable, writesTitle } from './deliveries/writes.ts';
import { buildServers } from './lib/build.ts';
import { describeCommand, fail, publish, readArguments, requireWrk } from './lib/command.ts';
import { describeMachine } from './lib/machine.ts';
import { describeNoise, describeRun } from './lib/report.ts';
import { runCandidates } from './lib/runner.ts';

const parts = ['writes', 'sustained', 'backlog'] as const;
const usage = `usage: bench:hooks [--slices N] [--only name,name] [--json file] [--write file]
  --slices  one-second slices for each kind of write, 8 or more for figures that are worth keeping (default 8)
  --only    parts (${parts.join(', ')})
  --json    a file for all figures
  --write   a file for the document, which is printed in any case`;

const { slices, words, json, write } = readArguments({ usage, slices: 8 });
const unknown = words.filter(word => !parts.some(part => part === word));
if (unknown.length > 0) fail(`There is no part ${unknown.join(', ')}.\n${usage}`);
const isAsked = (part: (typeof parts)[number]): boolean => words.length === 0 || words.includes(part);
const generator = requireWrk();

const report = (line: string): void => console.error(line);
report('compiling');
buildServers();
const machine = describeMachine();
const sections: string[] = [];
const results: unknown[] = [];
const destinations = await startDestinations({ report });
const { all, variables, processes } = destinations;
try {
  if (isAsked('writes')) {
    const options = { slices, report, variables, helpers: processes };
    const { outcomes, noise } = await runCandidates(createWriteCandidates(all), options);
    if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
    sections.push([`## ${writesTitle}`, writesNote, writesTable(all, outcomes), describeNoise(noise)].join('\n\n'));
    results.push({ title: writesTitle, outcomes, noise });
  }
  if (isAsked('sustained')) {
    const runs = await runSustained(all, { report, variables });
    sections.push([`## ${sustainedTitle}`, sustainedNote, sustainedTable(all, runs)].join('\n\n'));
    results.push({ title: sustainedTitle, runs: Object.fromEntries(runs) });
  }
  if (isAsked('backlog')) {
    const runs = await runDrains(all, { report, variables });
    sections.push([`## ${drainTitle}`, drainNote, drainTable(all, runs)].join('\n\n'));
    results.push({ title: drainTitle, runs });
  }
} finally {
  await destinations.stop();
}

const about = `Taken ${describeRun(machine, generator)}, by \`${describeCommand('bench:hooks')}\`.`;
const preface = new URL('./preface-deliveries.md', import.meta.url);
await publish({ preface, about, sections, write, json, figures: { machine, generator, results } });
