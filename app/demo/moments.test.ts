import { describe, expect, it } from '@jest/globals';
import { createMarkets } from './markets.ts';
import { selectDates } from './campaigns/body.ts';
import { campaigns } from './campaigns/campaigns.ts';
import { resolveMoment } from './moments.ts';

const HOUR_MS = 60 * 60 * 1000;

describe('a moment of the demo', () => {
  it('is the hour that the clocks of the place show, across the change to summer time', () => {
    const before = new Date('2026-03-06T12:00:00Z');
    expect(resolveMoment({ day: 1, hour: 10 }, before, 'America/Toronto').toISOString()).toBe(
      '2026-03-07T15:00:00.000Z',
    );
    expect(resolveMoment({ day: 2, hour: 10 }, before, 'America/Toronto').toISOString()).toBe(
      '2026-03-08T14:00:00.000Z',
    );
  });

  it('counts days on the calendar of one place and hours on the clocks of another', () => {
    // It is the 7th in Berlin already, and still the 6th in Los Angeles.
    const now = new Date('2026-03-06T23:30:00Z');
    const at = resolveMoment({ day: 1, hour: 10 }, now, 'Europe/Berlin', 'America/Los_Angeles');
    expect(at.toISOString()).toBe('2026-03-08T17:00:00.000Z');
  });

  it('is upcoming: two to twenty-seven hours away, whatever the hour', () => {
    for (let hour = 0; hour < 24 * 370; hour += 5) {
      const now = new Date(Date.UTC(2026, 0, 1, hour, 17));
      for (const zone of ['America/Phoenix', 'America/Chicago']) {
        const at = resolveMoment({ upcoming: 10 }, now, zone);
        const hours = (at.getTime() - now.getTime()) / HOUR_MS;
        expect(hours > 2 && hours < 27).toBe(true);
      }
    }
  });
});

describe('the dates of the demo', () => {
  it('keep the rules of campaigns and markets, whenever the demo is made', () => {
    const faults: string[] = [];
    for (let hour = 0; hour < 24 * 370; hour += 127) {
      const now = new Date(Date.UTC(2026, 0, 1, hour, 42));
      for (const definition of campaigns) {
        const { open, presaleWindowStart, presaleWindowEnd, start, end } = selectDates(definition, now);
        for (const { key, body } of createMarkets(definition, now)) {
          const presale = new Date(body.event?.presaleDateTime ?? NaN);
          const show = new Date(body.event?.date ?? NaN);
          const isWithin = (at: Date, from: Date | undefined, to: Date | undefined): boolean =>
            from !== undefined && to !== undefined && at >= from && at <= to;
          if (!isWithin(presale, presaleWindowStart, presaleWindowEnd) || (open && presale < open)) {
            faults.push(`presale of ${key} at ${now.toISOString()}`);
          }
          if (!isWithin(show, start, end)) faults.push(`show of ${key} at ${now.toISOString()}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});
