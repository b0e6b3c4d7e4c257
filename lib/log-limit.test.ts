import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { limitLog } from './log-limit.ts';
import { createLog } from './log.ts';

describe('a limited log', () => {
  let lines: { level: string; message: string; correlation?: string; data?: object }[];
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
  });
  afterEach(() => void jest.useRealTimers());

  const open = () => {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
    return limitLog(createLog({ level: 'debug', environment: 'test', destination }).Log('x'));
  };

  it('says the first at once, and of those that follow the last, with how many there were', () => {
    const log = open();
    for (let n = 1; n <= 1_000; n += 1) log.warn('failed', { n }, `c-${n}`);
    expect(lines).toMatchObject([{ level: 'warn', message: 'failed', correlation: 'c-1', data: { n: 1 } }]);
    jest.advanceTimersByTime(1_000);
    expect(lines.slice(1)).toMatchObject([{ correlation: 'c-1000', data: { n: 1_000, keptBack: 998 } }]);
    jest.advanceTimersByTime(10_000);
    expect(lines).toHaveLength(2);
  });

  it('begins anew when the interval is over', () => {
    const log = open();
    log.error('failed', { n: 1 });
    jest.advanceTimersByTime(1_000);
    log.error('failed', { n: 2 });
    log.error('failed', { n: 3 });
    jest.advanceTimersByTime(1_000);
    expect(lines.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('keeps messages and levels apart, and lets the rest through', () => {
    const log = open();
    for (const message of ['a', 'b']) {
      log.warn(message);
      log.error(message);
      for (let n = 0; n < 3; n += 1) {
        log.info(message);
        log.debug(message);
      }
    }
    const { length } = lines.filter(({ level }) => ['warn', 'error'].includes(level));
    expect([length, lines.length]).toEqual([4, 16]);
  });

  it('counts what is said under correlations together', () => {
    const log = open();
    for (const correlation of ['c-1', 'c-2', 'c-3']) log.withCorrelation(correlation).warn('failed');
    jest.advanceTimersByTime(1_000);
    expect(lines.map(({ correlation, data }) => [correlation, data])).toEqual([
      ['c-1', undefined],
      ['c-3', { keptBack: 1 }],
    ]);
  });
});
