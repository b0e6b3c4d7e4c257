import { estimate } from './estimate.ts';
import { markdownTable } from './markdown.ts';
import { type Outcome } from './runner.ts';

/** How many times the requests per second of one candidate another one must reach. */
export interface Goal {
  readonly of: string;
  readonly by: string;
  readonly least: number;
}

/** Writes the goals of a suite with what was reached; those whose candidates were not both measured are left out. */
export function goalTable(goals: readonly Goal[], outcomes: readonly Outcome[]): string | undefined {
  const measured = new Map(
    outcomes.flatMap(({ candidate, slices, failure }) =>
      failure === undefined && slices.length > 0
        ? [[candidate.name, { label: candidate.label, ...estimate(slices) }] as const]
        : [],
    ),
  );
  const rows = goals.flatMap(({ of, by, least }) => {
    const own = measured.get(of);
    const base = measured.get(by);
    if (own === undefined || base === undefined) return [];
    const ratio = own.requestsPerSecond / base.requestsPerSecond;
    const ofCpu = base.cpuMicrosPerRequest / own.cpuMicrosPerRequest;
    const verdict = ratio >= least ? 'met' : 'missed';
    return [[`${own.label} ÷ ${base.label}`, `${least}`, ratio.toFixed(2), ofCpu.toFixed(2), verdict]];
  });
  return rows.length === 0 ? undefined : markdownTable(['goal', 'at least', 'req/s', 'by CPU', ''], rows);
}
