import { describe, expect, it } from '@jest/globals';
import { formats } from './formats.ts';

const cases: Record<string, { valid: string[]; invalid: string[] }> = {
  'date-time': {
    valid: ['2026-01-15T12:00:00Z', '2026-01-15T12:00:00.123+02:00', '2024-02-29T00:00:00Z'],
    invalid: [
      '2026-01-15 12:00:00Z',
      '2026-01-15',
      '2026-01-15T12:00:00',
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-15T25:00:00Z',
      '2026-01-15T24:00:00Z',
      '2023-02-29T00:00:00Z',
      '',
    ],
  },
  'time-zone': {
    valid: ['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires'],
    invalid: ['', 'Mars/Olympus', '+02:00', 'x'.repeat(100)],
  },
};

describe.each(Object.entries(cases))('the format %s', (name, { valid, invalid }) => {
  it.each(valid)('takes %j', text => {
    expect(formats[name]?.(text)).toBe(true);
  });

  it.each(invalid)('refuses %j', text => {
    expect(formats[name]?.(text)).toBe(false);
  });
});

it('every format has its cases', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(formats).sort());
});
