import { describe, expect, it } from '@jest/globals';
import { type Outcome } from '../lib/runner.ts';
import { type Destination } from './destinations.ts';
import { drainTable, type DrainRun, joinPeaks } from './drain.ts';
import { selectLimit, type SustainedRun } from './sustained.ts';
import { createWriteCandidates, judgeAdded, selectAdded, writesTable } from './writes.ts';

const destinations: readonly Destination[] = [
  { name: 'off', label: 'nowhere', deliver: 'off' },
  { name: 'files', label: 'files', deliver: 'files' },
];
const cellsOf = (table: string): string[][] =>
  table.split('\n').map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  );

describe('what deliveries add to a write', () => {
  const outcomes = createWriteCandidates(destinations).map((candidate): Outcome => {
    const p50Ms = candidate.name === 'files-1' ? 2.1 : candidate.name === 'files-50' ? 3 : 2;
    const slice = {
      requests: 1,
      requestsPerSecond: 10,
      p50Ms,
      p99Ms: 9,
      faults: [],
      cpuMicrosPerRequest: 5,
      rssBytes: 1,
    };
    return { candidate, slices: [slice] };
  });

  it('is a share of the time that it takes without', () => {
    expect(selectAdded({ p50Ms: 3 }, { p50Ms: 2 })).toBe(0.5);
    expect([0.1, 0.11].map(judgeAdded)).toEqual(['met', 'missed']);
  });

  it('is judged for each load', () => {
    const [, , ...rows] = cellsOf(writesTable(destinations, outcomes));
    expect(rows.map(row => [row[0], row[1], row[5], row[6]])).toEqual([
      ['nowhere', '1', '–', ''],
      ['files', '1', '5 %', 'met'],
      ['nowhere', '50', '–', ''],
      ['files', '50', '50 %', 'missed'],
    ]);
  });

  it('is not known when a candidate failed', () => {
    const [, , ...rows] = cellsOf(
      writesTable(
        destinations,
        outcomes.map(outcome => (outcome.candidate.name === 'off-1' ? { ...outcome, failure: 'ended' } : outcome)),
      ),
    );
    expect(rows[0]?.[0]).toBe('nowhere: FAILED, ended');
    expect(rows[1]?.[5]).toBe('–');
  });
});

describe('the limit of a load that lasts', () => {
  const run: SustainedRun = {
    writesPerSecond: 100,
    deliveredPerSecond: 100,
    waiting: 20,
    drainedSeconds: 0,
    serviceCores: 0.9,
    targetCores: 0.5,
    failed: 0,
  };

  it.each([
    [run, undefined],
    [{ ...run, waiting: 500 }, 'the service'],
    [{ ...run, waiting: 500, targetCores: 1 }, 'the targets'],
  ])('is who keeps changes waiting: %#', (measured, limit) => {
    expect(selectLimit(measured)).toBe(limit);
  });
});

describe('the delivery of a backlog', () => {
  const run: DrainRun = {
    destination: 'files',
    backlog: 100,
    seconds: 1,
    cpuMicros: 1_000,
    before: { heapUsedBytes: 0, anonymousBytes: undefined },
    peak: { heapUsedBytes: 2 ** 20, anonymousBytes: undefined },
    failed: 0,
  };

  it('is compared with that of the smallest one to the same destination', () => {
    const larger = { ...run, backlog: 1_000, seconds: 20, cpuMicros: 20_000 };
    const [, , first, second] = cellsOf(drainTable(destinations, [run, larger]));
    expect(first?.slice(3, 7)).toEqual(['100', '1.00', '10', '1.00']);
    expect(second?.slice(3, 7)).toEqual(['50', '0.50', '20', '2.00']);
  });

  it('has the highest of the peaks that were seen, of memory that is known', () => {
    const peaks = [run.peak, { heapUsedBytes: 1, anonymousBytes: 7 }, { heapUsedBytes: 2, anonymousBytes: 3 }];
    expect(joinPeaks(peaks)).toEqual({ heapUsedBytes: 2 ** 20, anonymousBytes: 7 });
    expect(joinPeaks([run.peak]).anonymousBytes).toBeUndefined();
  });
});
