import { estimate, type Estimate } from './estimate.ts';
import { type Machine } from './machine.ts';
import { markdownTable } from './markdown.ts';
import { type Noise } from './noise.ts';
import { type Outcome } from './runner.ts';

const digits = (value: number, count: number): string => value.toFixed(count);

/**
 * Writes the table of one suite. `bases` names the candidates that the others are divided by, with the heads of these
 * columns; where a base was not measured, its column has dashes.
 */
export function outcomeTable(outcomes: readonly Outcome[], bases: Readonly<Record<string, string>>): string {
  const estimates = new Map<string, Estimate>();
  for (const { candidate, slices, failure } of outcomes) {
    if (failure === undefined) estimates.set(candidate.name, estimate(slices));
  }
  const ratios = Object.values(bases);
  const head = ['candidate', 'req/s', 'median', ...ratios, 'CPU µs/req', 'p50 ms', 'p99 ms', 'RSS MB', 'bytes'];
  const rows = outcomes.map(({ candidate, failure, answerBytes }) => {
    const own = estimates.get(candidate.name);
    if (own === undefined) return [`${candidate.label}: FAILED, ${failure ?? 'no slices'}`];
    return [
      candidate.label,
      digits(own.requestsPerSecond, 0),
      digits(own.medianRequestsPerSecond, 0),
      ...Object.keys(bases).map(name => {
        const base = estimates.get(name);
        return base === undefined ? '–' : digits(own.requestsPerSecond / base.requestsPerSecond, 3);
      }),
      digits(own.cpuMicrosPerRequest, 0),
      digits(own.p50Ms, 2),
      digits(own.p99Ms, 1),
      digits(own.maxRssBytes / 2 ** 20, 0),
      answerBytes === undefined ? '–' : String(answerBytes),
    ];
  });
  return markdownTable(head, rows);
}

/** Says in one line what else the machine did during the slices. */
export const describeNoise = (noise: Noise | undefined): string =>
  noise === undefined
    ? 'What else the machine did is not known here.'
    : `Meanwhile other processes used ${digits(noise.foreignCores, 2)} cores, the host took ${digits(noise.stolenCores, 2)}.`;

/** Says in one line where and when the figures were taken. */
export const describeRun = ({ date, node, cpu, cores, memoryGiB }: Machine, generator: string): string =>
  `${date}, Node ${node}, ${cores} × ${cpu}, ${memoryGiB} GiB, ${generator}`;
