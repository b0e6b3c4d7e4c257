// Measures the realtime channel beside its peers, over real sockets, with a load generator in a process of its own, and
// writes one markdown document: `npm run bench:realtime -- --slices 6 --only acks,idle --write docs/performance-realtime.md`.
import { buildServers } from './lib/build.ts';
import { describeCommand, fail, publish, readArguments } from './lib/command.ts';
import { describeMachine } from './lib/machine.ts';
import { openMongodb } from './lib/mongodb.ts';
import { createNoiseMeter } from './lib/noise.ts';
import { describeNoise, describeRun } from './lib/report.ts';
import { verdictTable } from './realtime/figures.ts';
import { startGenerator } from './realtime/generator-process.ts';
import { suites } from './realtime/suites.ts';
import { createWorld } from './realtime/world.ts';

const names = Object.keys(suites);
const usage = `usage: bench:realtime [--slices N] [--only name,name] [--json file] [--write file]
  --slices  slices of a second or more for each candidate, 6 or more for figures that are worth keeping (default 6)
  --only    suites (${names.join(', ')})
  --json    a file for all figures
  --write   a file for the document, which is printed in any case
MONGODB_URI, or MONGODB_TEST_SERVER with a command, adds a MongoDB to acks, and is what instances needs.`;

const { slices, words, json, write } = readArguments({ usage, slices: 6 });
const unknown = words.filter(word => !names.includes(word));
if (unknown.length > 0) fail(`There is no suite ${unknown.join(', ')}.\n${usage}`);

const report = (line: string): void => console.error(line);
report('compiling');
buildServers();
const mongodb = await openMongodb();
const machine = describeMachine();
const world = createWorld({ mongodbUri: mongodb?.variables['BENCH_MONGODB_URI'] });
const sections: string[] = [];
const results: unknown[] = [];
try {
  for (const [name, run] of Object.entries(suites)) {
    if (words.length > 0 && !words.includes(name)) continue;
    report(`suite ${name}`);
    const noise = createNoiseMeter();
    // Each suite has a generator of its own: what one has left behind costs the next nothing.
    const generator = startGenerator();
    try {
      const { title, note, tables, verdicts } = await run({ world, generator, noise, slices, report });
      const reached = verdictTable(verdicts);
      const parts = [`## ${title}`, note, ...tables, ...(reached ? [reached] : []), describeNoise(noise.read())];
      sections.push(parts.join('\n\n'));
      results.push({ name, title, tables, verdicts, noise: noise.read() });
    } catch (error) {
      process.exitCode = 1;
      const reason = error instanceof Error ? error.message : String(error);
      report(`FAILED: ${name}: ${reason}`);
      sections.push(`## ${name}\n\nFAILED: ${reason.replaceAll('\n', ' ').slice(0, 300)}`);
    } finally {
      await generator.stop();
    }
  }
} finally {
  await world.dispose();
  await mongodb?.stop();
}

const about = [
  `Taken ${describeRun(machine, 'load generator of this repository')}, by \`${describeCommand('bench:realtime')}\`: ${slices} slices for each candidate.`,
  mongodb === undefined ? 'No MongoDB was given to measure.' : `"MongoDB" is ${mongodb.description}.`,
].join('\n');
const preface = new URL('./preface-realtime.md', import.meta.url);
await publish({ preface, about, sections, write, json, figures: { machine, results } });
