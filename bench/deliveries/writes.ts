import { estimate, type Estimate } from '../lib/estimate.ts';
import { markdownTable } from '../lib/markdown.ts';
import { type Candidate, type Outcome } from '../lib/runner.ts';
import { usualConnections } from '../lib/wrk.ts';
import { type Destination } from './destinations.ts';

/** The most that deliveries may add to the time of a write. */
const MOST_ADDED = 0.1;

const loads = [1, usualConnections];

export const writesTitle = 'What deliveries add to a write';

/** What a reader must know to read the table. */
export const writesNote = `\`POST /campaigns/:id\` with 1 KB, of 1,000 campaigns at random, each write delivered to Kinesis, SQS and Fastly. Seconds
under load take turns; each is followed by a pause until all is delivered, which counts as CPU time of the service and not as
time of the writes. "Added" compares the median with that of a write that is delivered nowhere. One connection shows what a
write waits for; with ${usualConnections} the service has no time to spare, and whatever else it does comes out of the writes.`;

const nameOf = (destination: Pick<Destination, 'name'>, connections: number): string =>
  `${destination.name}-${connections}`;

/** The same writes, delivered to each destination. */
export const createWriteCandidates = (destinations: readonly Destination[]): Candidate[] =>
  destinations.flatMap(destination =>
    loads.map(connections => ({
      name: nameOf(destination, connections),
      label: destination.label,
      server: 'service',
      args: ['--deliver', destination.deliver],
      target: 'update',
      connections,
      process: destination.name,
      isSettled: true,
    })),
  );

/** How much longer than a write without deliveries one takes: 0.1 is a tenth. */
export const selectAdded = (write: Pick<Estimate, 'p50Ms'>, base: Pick<Estimate, 'p50Ms'>): number =>
  write.p50Ms / base.p50Ms - 1;

/** Says whether what was added is within the goal. */
export const judgeAdded = (added: number): 'met' | 'missed' => (added <= MOST_ADDED ? 'met' : 'missed');

/** Writes the table; a candidate that failed has its reason in place of figures. */
export function writesTable(destinations: readonly Destination[], outcomes: readonly Outcome[]): string {
  const byName = new Map(outcomes.map(outcome => [outcome.candidate.name, outcome]));
  const estimateOf = (destination: Pick<Destination, 'name'>, connections: number): Estimate | undefined => {
    const outcome = byName.get(nameOf(destination, connections));
    return outcome === undefined || outcome.failure !== undefined || outcome.slices.length === 0
      ? undefined
      : estimate(outcome.slices);
  };
  const rows = loads.flatMap(connections => {
    const base = estimateOf({ name: 'off' }, connections);
    return destinations.flatMap(destination => {
      const outcome = byName.get(nameOf(destination, connections));
      if (outcome === undefined) return [];
      const own = estimateOf(destination, connections);
      if (own === undefined) return [[`${destination.label}: FAILED, ${outcome.failure ?? 'no slices'}`]];
      const added = base === undefined || destination.name === 'off' ? undefined : selectAdded(own, base);
      return [
        [
          destination.label,
          String(connections),
          own.requestsPerSecond.toFixed(0),
          own.p50Ms.toFixed(2),
          own.p99Ms.toFixed(1),
          added === undefined ? '–' : `${(added * 100).toFixed(0)} %`,
          added === undefined ? '' : judgeAdded(added),
          own.cpuMicrosPerRequest.toFixed(0),
          (own.maxRssBytes / 2 ** 20).toFixed(0),
        ],
      ];
    });
  });
  const goal = `at most ${MOST_ADDED * 100} %`;
  const head = ['delivered to', 'connections', 'writes/s', 'p50 ms', 'p99 ms', 'added', goal, 'CPU µs/write', 'RSS MB'];
  return markdownTable(head, rows);
}
