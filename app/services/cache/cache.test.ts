import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../test/support/until.ts';
import { type Cache, type CacheSource, createCache } from './cache.ts';
import { type CacheEntry, parseEntry } from './entry.ts';
import { type SharedTier } from './shared-tier.ts';

const policy = { ttlMs: 1_000, staleMs: 10_000, negativeTtlMs: 500 };

/** What is fetched, whose end the test decides when it wants to. */
function createSource(value: unknown, version = 0) {
  const state = { value, version, calls: 0, failure: null as Error | null };
  const source: CacheSource<unknown> & typeof state = Object.assign(state, {
    isValid: (candidate: unknown) => typeof candidate === 'string',
    load: async () => {
      state.calls += 1;
      if (state.failure) throw state.failure;
      return { value: state.value, version: state.version };
    },
  });
  return source;
}

describe('the cache', () => {
  let time = 0;
  let cache: Cache;
  let shelf: Map<string, CacheEntry>;
  let counted: string[];
  const now = (): number => time;
  const shared: SharedTier = {
    get: async (key, isGood) => {
      const entry = shelf.get(key);
      return entry !== undefined && isGood(entry) ? entry : null;
    },
    put: async (key, entry) => void shelf.set(key, entry),
    putForSure: (key, entry) => void shelf.set(key, entry),
    catchUp: () => undefined,
  };
  const open = (over: SharedTier | null = null, maxBytes = 100_000): Cache =>
    createCache({
      maxBytes,
      shared: over,
      count: (tier, outcome) => void counted.push(`${tier} ${outcome}`),
      now,
      random: () => 0.5,
    });

  beforeEach(() => {
    time = 1_000_000;
    counted = [];
    shelf = new Map();
    cache = open();
  });

  it('fetches once for all who ask at once, and then not before its time is over', async () => {
    const source = createSource('a');
    const reads = await Promise.all(Array.from({ length: 5 }, () => cache.read('key', policy, source)));
    expect(reads).toEqual(Array(5).fill({ value: 'a', outcome: 'miss' }));
    time += 999;
    expect(await cache.read('key', policy, source)).toEqual({ value: 'a', outcome: 'hit' });
    expect(source.calls).toBe(1);
  });

  it('shows what is old while a newer one is fetched', async () => {
    const source = createSource('a');
    await cache.read('key', policy, source);
    time += 1_001;
    source.value = 'b';
    expect(await cache.read('key', policy, source)).toEqual({ value: 'a', outcome: 'stale' });
    expect(
      await until(
        () => cache.read('key', policy, source),
        ({ outcome }) => outcome === 'hit',
      ),
    ).toMatchObject({
      value: 'b',
    });
    expect(source.calls).toBe(2);
  });

  it('shows what is old as long as it may when nothing newer can be had, and then tells why', async () => {
    const source = createSource('a');
    await cache.read('key', policy, source);
    source.failure = new Error('away');
    time += 10_999;
    expect(await cache.read('key', policy, source)).toEqual({ value: 'a', outcome: 'stale' });
    time += 2;
    await expect(cache.read('key', policy, source)).rejects.toThrow('away');
  });

  it('remembers that there is none, for a shorter time and never beyond it', async () => {
    const source = createSource(null);
    await cache.read('key', policy, source);
    time += 499;
    expect(await cache.read('key', policy, source)).toEqual({ value: null, outcome: 'hit' });
    source.value = 'made';
    time += 2;
    expect(await cache.read('key', policy, source)).toEqual({ value: 'made', outcome: 'miss' });
  });

  it('keeps no failure', async () => {
    const source = createSource('a');
    source.failure = new Error('away');
    await expect(Promise.all([1, 2].map(() => cache.read('key', policy, source)))).rejects.toThrow('away');
    source.failure = null;
    expect(await cache.read('key', policy, source)).toEqual({ value: 'a', outcome: 'miss' });
  });

  it('lets one caller go without taking the answer from the others', async () => {
    const controller = new AbortController();
    let finish: (value: { value: string }) => void = () => undefined;
    const source = { isValid: () => true, load: () => new Promise<{ value: string }>(resolve => (finish = resolve)) };
    const impatient = cache.read('key', policy, { ...source, signal: controller.signal });
    const patient = cache.read('key', policy, source);
    controller.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    finish({ value: 'a' });
    await expect(patient).resolves.toMatchObject({ value: 'a' });
  });

  it('varies the time by a tenth, so that what came together does not end together', async () => {
    const times = [0, 0.5, 1].map(random => {
      const varied = createCache({ maxBytes: 1_000, shared, count: () => undefined, now, random: () => random });
      varied.put('key', 'a', 1, policy);
      return Math.round((shelf.get('key')?.freshUntil ?? 0) - time);
    });
    expect(times).toEqual([900, 1_000, 1_100]);
  });

  it('holds no more than its bytes', async () => {
    cache = open(null, 2_000);
    const source = createSource('x'.repeat(500));
    for (const key of ['a', 'b', 'c', 'd']) await cache.read(key, policy, source);
    expect(await cache.read('d', policy, source)).toMatchObject({ outcome: 'hit' });
    expect(await cache.read('a', policy, source)).toMatchObject({ outcome: 'miss' });
  });

  describe('with a shared tier', () => {
    beforeEach(() => {
      cache = open(shared);
    });

    it('takes what another instance fetched, and gives what it fetched', async () => {
      const source = createSource('a');
      await open(shared).read('key', policy, source);
      expect(await cache.read('key', policy, source)).toEqual({ value: 'a', outcome: 'hit' });
      expect(source.calls).toBe(1);
    });

    it('trusts nothing in it that is not of the kind', async () => {
      shelf.set('key', { value: 7, version: 0, freshUntil: time + 1_000, staleUntil: time + 1_000 });
      expect(await cache.read('key', policy, createSource('a'))).toEqual({ value: 'a', outcome: 'miss' });
      for (const text of ['', '{', '7', '{"value":1}', '{"value":1,"version":"1","freshUntil":1,"staleUntil":1}']) {
        expect(parseEntry(text)).toBeNull();
      }
    });

    it('looks at it again after the local time, which bounds a message that was lost', async () => {
      const short = { ...policy, localTtlMs: 100 };
      const source = createSource('a', 1);
      await cache.read('key', short, source);
      open(shared).put('key', 'b', 2, short);
      time += 99;
      expect(await cache.read('key', short, source)).toMatchObject({ value: 'a' });
      time += 2;
      expect(await cache.read('key', short, source)).toMatchObject({ value: 'b', outcome: 'hit' });
    });

    it('brings nothing back that is older than what was written, from wherever it comes', async () => {
      let finish: (value: { value: string; version: number }) => void = () => undefined;
      const late = {
        isValid: () => true,
        load: () => new Promise<{ value: string; version: number }>(resolve => (finish = resolve)),
      };
      const reading = cache.read('key', policy, late);
      await until(
        () => counted.length,
        count => count > 0,
      );
      await new Promise(resolve => setImmediate(resolve));
      cache.invalidate('key', 3);
      finish({ value: 'old', version: 2 });
      await reading;
      // A replica that lags still has the old one.
      shelf.set('key', { value: 'old', version: 2, freshUntil: time + 900, staleUntil: time + 900 });
      expect(await cache.read('key', policy, createSource('new', 3))).toEqual({ value: 'new', outcome: 'miss' });
      cache.put('key', null, 4, policy);
      expect(await cache.read('key', policy, createSource('old', 2))).toEqual({ value: null, outcome: 'hit' });
    });
  });
});
