import { describe, expect, it } from '@jest/globals';
import { createIsoClock } from './iso-clock.ts';

describe('the ISO clock', () => {
  it('formats the instant, and the next one when time has gone on', () => {
    const times = [0, 0, 1500];
    const clock = createIsoClock(() => times.shift() ?? 0);
    expect([clock(), clock(), clock()]).toEqual([
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:01.500Z',
    ]);
  });
});
