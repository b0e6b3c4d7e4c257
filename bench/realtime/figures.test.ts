import { describe, expect, it } from '@jest/globals';
import {
  atLeast,
  atMost,
  formatBusy,
  selectHighest,
  selectLimit,
  selectLowest,
  selectMedian,
  verdictTable,
} from './figures.ts';
import { createTimes } from './times.ts';

describe('the figures of the realtime benchmark', () => {
  it('are means of the best three, and medians', () => {
    expect(selectHighest([1, 9, 6, 3])).toBe(6);
    expect(selectLowest([10, 9, 2, 4])).toBe(5);
    expect(selectHighest([4])).toBe(4);
    expect(selectMedian([5, 1, 9, 7])).toBe(5);
    expect(selectMedian([10, 9, 200])).toBe(10);
  });

  it('say of each goal whether it was reached', () => {
    const table = verdictTable([atLeast('ratio', 40, 39.96), atLeast('ratio', 40, 40), atMost('p99', 50, 50.04)]) ?? '';
    expect(table.match(/not reached/g)).toHaveLength(2);
    expect(verdictTable([atMost('p99', 50, Number.NaN)])).toMatch(/not reached/);
    expect(verdictTable([])).toBeUndefined();
  });

  it('name the side that was the limit', () => {
    expect(selectLimit([{ serverCores: 0.7, generatorCores: 0.6 }])).toBe('neither');
    expect(selectLimit([{ serverCores: 1.1, generatorCores: 0.95 }])).toBe('server');
    expect(selectLimit([{ serverCores: 0.7, generatorCores: 0.95 }])).toBe('**generator**');
    const slices = [0.2, 0.95, 1].map(generatorCores => ({ serverCores: 0.5, generatorCores }));
    expect(formatBusy(slices)).toEqual(['0.50', '0.95', '**generator**']);
  });
});

describe('times', () => {
  it('tell quantiles, to a tenth of a millisecond, of whatever length', () => {
    const times = createTimes();
    expect(times.quantile(0.99)).toBe(0);
    for (let at = 1; at <= 100; at += 1) times.add(at);
    times.add(-1);
    expect(times.count).toBe(101);
    expect(times.quantile(0.5)).toBe(50);
    expect(times.quantile(1)).toBe(100);
    times.add(1e9);
    expect(times.quantile(1)).toBe(60_000);
  });
});
