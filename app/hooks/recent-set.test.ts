import { describe, expect, it } from '@jest/globals';
import { createRecentSet } from './recent-set.ts';

describe('a recent set', () => {
  it('knows the keys added last, and forgets those long before', () => {
    const recent = createRecentSet(10);
    for (let key = 0; key < 35; key++) recent.add(String(key));
    const known = Array.from({ length: 40 }, (_, key) => key).filter(key => recent.has(String(key)));
    expect(known.slice(-10)).toEqual([25, 26, 27, 28, 29, 30, 31, 32, 33, 34]);
    expect(known.length).toBeLessThanOrEqual(20);
  });
});
