import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { estimateBytes } from './estimate-bytes.ts';

describe('the estimate of the memory that a value takes', () => {
  it('grows with the length of texts, in values and in names', () => {
    expect(estimateBytes('x'.repeat(1000)) - estimateBytes('')).toBe(1000);
    expect(estimateBytes({ [`${'x'.repeat(1000)}`]: 1 })).toBeGreaterThan(1000);
  });

  it('counts every part of lists and objects', () => {
    const part = { a: 'text', at: new Date(), list: [1, null, true, undefined] };
    const one = estimateBytes([part]);
    const ten = estimateBytes(Array.from({ length: 10 }, () => part));
    expect(ten - estimateBytes([])).toBe(10 * (one - estimateBytes([])));
  });

  it('is not much less than the JSON of a document takes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        // A number takes eight bytes, of however many digits; what is written as an escape is one letter.
        const letters = JSON.stringify(value).replace(/\\u[0-9a-f]{4}|\\./g, '_').length;
        expect(estimateBytes(value)).toBeGreaterThan(letters / 4);
      }),
    );
  });

  it('takes anything', () => {
    for (const value of [undefined, null, 0, true, '', new Date(), [], {}, Object.create(null)]) {
      expect(estimateBytes(value)).toBeGreaterThan(0);
    }
  });
});
