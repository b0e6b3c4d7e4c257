import { describe, expect, it } from '@jest/globals';
import { goalTable } from './goals.ts';
import { type Outcome } from './runner.ts';

const outcome = (name: string, requestsPerSecond: number, cpuMicrosPerRequest: number): Outcome => ({
  candidate: { name, label: `the ${name}`, server: name, target: 'read' },
  slices: [{ requests: 1, requestsPerSecond, p50Ms: 1, p99Ms: 1, faults: [], cpuMicrosPerRequest, rssBytes: 1 }],
});

describe('the table of goals', () => {
  it('says of each goal what was reached, by requests and by CPU time, and whether that is enough', () => {
    const outcomes = [outcome('own', 300, 50), outcome('base', 1000, 10), outcome('slow', 100, 100)];
    const table = goalTable(
      [
        { of: 'own', by: 'base', least: 0.33 },
        { of: 'own', by: 'slow', least: 3 },
      ],
      outcomes,
    );
    expect(table).toMatch(/the own ÷ the base +\| +0\.33 \| +0\.30 \| +0\.20 \| missed \|/);
    expect(table).toMatch(/the own ÷ the slow +\| +3 \| +3\.00 \| +2\.00 \| +met \|/);
  });

  it('leaves out what was not measured, or failed', () => {
    const failed = { ...outcome('base', 1000, 10), failure: 'ended' };
    const goals = [{ of: 'own', by: 'base', least: 1 }];
    expect(goalTable(goals, [outcome('own', 1, 1), failed])).toBeUndefined();
    expect(goalTable(goals, [outcome('own', 1, 1)])).toBeUndefined();
  });
});
