import { describe, expect, it } from '@jest/globals';
import { TokenCache, type VerifiedToken } from './token-cache.ts';

const verified: VerifiedToken<{ userId: string }> = {
  actor: { userId: 'u' },
  issuedAt: 0,
  validFrom: 10,
  validUntil: 20,
};

describe('the token cache', () => {
  it('gives a token within its time, and forgets it after', () => {
    const cache = new TokenCache<{ userId: string }>({ maxCount: 10 });
    cache.set('t', verified, cache.epoch);
    expect(cache.get('t', 10)).toBe(verified);
    expect(cache.get('t', 19.9)).toBe(verified);
    expect(cache.get('t', 20)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('does not give a token before its time', () => {
    const cache = new TokenCache<{ userId: string }>({ maxCount: 10 });
    cache.set('t', verified, cache.epoch);
    expect(cache.get('t', 9)).toBeUndefined();
  });

  it('is bounded by count, the least recently used leaving first', () => {
    const cache = new TokenCache<{ userId: string }>({ maxCount: 2 });
    for (const token of ['a', 'b']) cache.set(token, verified, cache.epoch);
    cache.get('a', 15);
    cache.set('c', verified, cache.epoch);
    expect(['a', 'b', 'c'].map(token => cache.get(token, 15) !== undefined)).toEqual([true, false, true]);
  });

  it('is bounded by bytes', () => {
    const cache = new TokenCache<{ userId: string }>({ maxCount: 1000, maxBytes: 10_000 });
    for (let index = 0; index < 100; index += 1) cache.set(`${index}`.padEnd(1000, 'x'), verified, cache.epoch);
    expect(cache.size).toBe(3);
    cache.set('y'.repeat(10_000), verified, cache.epoch);
    expect(cache.get('y'.repeat(10_000), 15)).toBeUndefined();
  });

  it('does not remember what was verified before it was cleared', () => {
    const cache = new TokenCache<{ userId: string }>({ maxCount: 10 });
    const { epoch } = cache;
    cache.set('before', verified, epoch);
    cache.clear();
    cache.set('under way', verified, epoch);
    expect([cache.get('before', 15), cache.get('under way', 15)]).toEqual([undefined, undefined]);
  });
});
