import { describe, expect, it } from '@jest/globals';
import { outcomeTable } from './report.ts';
import { type Outcome } from './runner.ts';

const outcome = (name: string, requestsPerSecond: number, failure?: string): Outcome => ({
  candidate: { name, label: `the ${name}`, server: name, target: 'read' },
  slices: [
    {
      requests: 1,
      requestsPerSecond,
      p50Ms: 1.5,
      p99Ms: 9.25,
      faults: [],
      cpuMicrosPerRequest: 33,
      rssBytes: 64 * 2 ** 20,
    },
  ],
  answerBytes: 1977,
  ...(failure === undefined ? {} : { failure }),
});

const cellsOf = (table: string): string[][] =>
  table.split('\n').map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  );

describe('the table of a suite', () => {
  it('divides each candidate by each base', () => {
    const [head, , base, other] = cellsOf(
      outcomeTable([outcome('base', 200), outcome('other', 50)], { base: '÷ base' }),
    );
    expect(head).toEqual([
      'candidate',
      'req/s',
      'median',
      '÷ base',
      'CPU µs/req',
      'p50 ms',
      'p99 ms',
      'RSS MB',
      'bytes',
    ]);
    expect(base?.slice(0, 4)).toEqual(['the base', '200', '200', '1.000']);
    expect(other).toEqual(['the other', '50', '50', '0.250', '33', '1.50', '9.3', '64', '1977']);
  });

  it('has dashes where a base was not measured', () => {
    expect(cellsOf(outcomeTable([outcome('other', 50)], { base: '÷ base' }))[2]?.[3]).toBe('–');
  });

  it('shows a failed candidate with its reason and no figures, and divides nothing by it', () => {
    const table = outcomeTable([outcome('base', 200, 'Non-2xx or 3xx responses: 3'), outcome('other', 50)], {
      base: '÷ base',
    });
    expect(cellsOf(table)[2]?.slice(0, 2)).toEqual(['the base: FAILED, Non-2xx or 3xx responses: 3', '']);
    expect(cellsOf(table)[3]?.[3]).toBe('–');
  });
});
