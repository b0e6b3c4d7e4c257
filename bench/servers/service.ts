// The service itself, with all that it has in production: RS256 tokens through the cache, authorisation, rate limit,
// validation, correlation, metrics, access log, ETags. `--campaigns` says how many it holds, `--due` how many of them a
// refresh is to open, `--tracing` traces every request, `--mongodb` uses the server at BENCH_MONGODB_URI in place of the
// embedded store, `--memory` watches the memory, `--deliver` says where changes go: nowhere, to `files`, or to what the
// variables name that it gives as JSON.
import { parseArgs } from 'node:util';
import { createBenchService } from '../lib/bench-service.ts';
import { ask } from '../lib/check.ts';
import { watchMemory } from '../lib/memory-peak.ts';
import { announce } from '../lib/serve.ts';
import { parseTargets } from '../lib/service-config.ts';
import { createServiceTargets } from '../lib/service-targets.ts';
import { type Population } from '../lib/stored-campaign.ts';
import { readTally } from '../lib/tally.ts';

const { values } = parseArgs({
  options: {
    campaigns: { type: 'string', default: '1000' },
    due: { type: 'string', default: '0' },
    tracing: { type: 'boolean', default: false },
    mongodb: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    deliver: { type: 'string', default: 'off' },
  },
});
const population: Population = { campaigns: Number(values.campaigns), due: Number(values.due) };

// Hands each span on, as a collector would take it, and looks at none.
const exporter = {
  export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};
const { app, headers } = await createBenchService({
  population,
  targets: parseTargets(values.deliver),
  isMongodbUsed: values.mongodb,
  ...(values.tracing && { exporter }),
});
const port = Number(new URL((await app.start()).url).port);
const targets = createServiceTargets(population, headers);

const { etag } = await ask(port, targets.read);
if (etag === undefined) throw new Error('The campaign has no ETag.');
const { read } = targets;
const unchanged = { ...read, status: 304, headers: { ...read.headers, 'if-none-match': etag } };
// The first answers of a version are not compressed.
await ask(port, targets.readGzip);

const selectPeak = values.memory ? watchMemory() : undefined;
announce(
  port,
  { ...targets, unchanged },
  { measure: async () => ({ ...(selectPeak && { peak: selectPeak() }), tally: await readTally(app) }) },
);
