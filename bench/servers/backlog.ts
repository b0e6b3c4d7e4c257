// A service with changes that wait to be delivered: `--backlog` says how many, `--deliver` where they go (JSON with
// variables, or `files`). It starts only when the benchmark says so, so that the whole of its work is seen.
import { parseArgs } from 'node:util';
import { createBenchService } from '../lib/bench-service.ts';
import { watchMemory } from '../lib/memory-peak.ts';
import { announce } from '../lib/serve.ts';
import { parseTargets } from '../lib/service-config.ts';
import { campaignsInUse } from '../lib/service-targets.ts';
import { readTally } from '../lib/tally.ts';

const { values } = parseArgs({
  options: { backlog: { type: 'string', default: '5000' }, deliver: { type: 'string', default: 'files' } },
});
const { app } = await createBenchService({
  population: { campaigns: campaignsInUse, due: 0, backlog: Number(values.backlog) },
  targets: parseTargets(values.deliver),
});
const selectPeak = watchMemory();
announce(
  0,
  {},
  {
    measure: async () => ({ peak: selectPeak(), tally: await readTally(app) }),
    begin: async () => {
      await app.start();
    },
  },
);
