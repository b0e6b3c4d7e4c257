import { beforeEach, describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createRepresentation } from '../../lib/representation.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';
import { type CampaignCache, createCampaignCache } from './campaign-cache.ts';

const TTL_MS = 5_000;
const MINUTE_MS = 60_000;

/** A load whose end the test decides. */
function createLoad() {
  let calls = 0;
  const loads: { resolve: (document: CampaignDocument | null) => void; reject: (error: Error) => void }[] = [];
  return {
    get calls() {
      return calls;
    },
    load: () => {
      calls += 1;
      return new Promise<CampaignDocument | null>((resolve, reject) => loads.push({ resolve, reject }));
    },
    /** Ends the loads under way. */
    answer: (document: CampaignDocument | null) => loads.splice(0).forEach(one => one.resolve(document)),
    fail: (error: Error) => loads.splice(0).forEach(one => one.reject(error)),
  };
}

describe('the cache of campaigns', () => {
  let time = 0;
  let cache: CampaignCache;
  const first = createCampaignDocument({}, { version: 1 });
  const id = first._id;
  const at = (version: number): CampaignDocument => ({ ...first, version });
  const giving = (document: CampaignDocument | null) => async () => document;
  const away = async (): Promise<never> => {
    throw new ServiceUnavailableError('mongodb');
  };

  beforeEach(() => {
    time = 1_000;
    cache = createCampaignCache({ maxBytes: 1_000_000, ttlMs: TTL_MS, now: () => time });
  });

  it('loads what it does not know once, however many ask for it at once', async () => {
    const load = createLoad();
    const readers = Array.from({ length: 10 }, () => cache.read(id, load.load));
    expect(load.calls).toBe(1);
    load.answer(first);
    const found = await Promise.all(readers);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatchObject({ document: first, stale: false });
    await cache.read(id, load.load);
    expect(load.calls).toBe(1);
  });

  it('loads different campaigns beside each other', () => {
    const load = createLoad();
    void cache.read(id, load.load);
    void cache.read('other', load.load);
    expect(load.calls).toBe(2);
  });

  it('loads again after a load that failed, for all who had waited', async () => {
    const load = createLoad();
    const readers = [cache.read(id, load.load), cache.read(id, load.load)];
    load.fail(new Error('broken'));
    for (const reader of readers) await expect(reader).rejects.toThrow('broken');
    await expect(cache.read(id, giving(first))).resolves.toMatchObject({ document: first });
  });

  it('gives what is fresh without a load, and reads it again once it is not', async () => {
    await cache.read(id, giving(first));
    time += TTL_MS - 1;
    expect(cache.peek(id)?.document).toBe(first);
    time += 1;
    expect(cache.peek(id)).toBeUndefined();
    expect((await cache.read(id, giving(at(2))))?.document.version).toBe(2);
    expect(cache.peek(id)?.document.version).toBe(2);
  });

  it('knows nothing of what does not exist, and forgets what does not exist any more', async () => {
    await expect(cache.read(id, giving(null))).resolves.toBeNull();
    cache.put(first);
    time += TTL_MS;
    await expect(cache.read(id, giving(null))).resolves.toBeNull();
    await expect(cache.read(id, away)).rejects.toThrow(ServiceUnavailableError);
  });

  it('gives what it has, marked as stale, while the database is away', async () => {
    cache.put(first);
    time += 10 * MINUTE_MS;
    await expect(cache.read(id, away)).resolves.toMatchObject({ document: first, stale: true });
    expect(cache.peek(id)).toBeUndefined();
    await expect(cache.read('unknown', away)).rejects.toThrow(ServiceUnavailableError);
  });

  it('lets nobody wait for a database that is known to be away, and notices when it is back', async () => {
    cache.put(first);
    time += TTL_MS;
    await cache.read(id, away);
    const load = createLoad();
    await expect(cache.read(id, load.load)).resolves.toMatchObject({ stale: true });
    await expect(cache.read(id, load.load)).resolves.toMatchObject({ stale: true });
    expect(load.calls).toBe(1);
    load.answer(at(2));
    await new Promise(resolve => setImmediate(resolve));
    await expect(cache.read(id, load.load)).resolves.toMatchObject({ document: { version: 2 }, stale: false });
  });

  it('gives nothing stale for any other error', async () => {
    cache.put(first);
    time += TTL_MS;
    await expect(cache.read(id, () => Promise.reject(new Error('a fault of ours')))).rejects.toThrow('a fault');
  });

  it('never takes an older version for a newer one, wherever it comes from', async () => {
    const load = createLoad();
    const slow = cache.read(id, load.load);
    cache.put(at(3));
    load.answer(at(2));
    expect((await slow)?.document.version).toBe(3);
    expect(cache.put(at(1)).document.version).toBe(3);
    expect(cache.peek(id)?.document.version).toBe(3);
  });

  it('lets no read bring back what was invalidated while it was under way', async () => {
    cache.put(at(1));
    time += TTL_MS;
    const load = createLoad();
    const slow = cache.read(id, load.load);
    cache.invalidate(id, 2);
    load.answer(at(1));
    await slow;
    expect(cache.peek(id)).toBeUndefined();
    await cache.read(id, giving(at(2)));
    expect(cache.peek(id)?.document.version).toBe(2);
  });

  it('begins a load of its own for whoever comes after an invalidation', async () => {
    const before = createLoad();
    const early = cache.read(id, before.load);
    cache.invalidate(id, 2);
    const after = createLoad();
    const late = cache.read(id, after.load);
    const later = cache.read(id, after.load);
    expect(after.calls).toBe(1);
    before.answer(at(1));
    expect((await early)?.document.version).toBe(1);
    const latest = cache.read(id, after.load);
    expect(after.calls).toBe(1);
    after.answer(at(2));
    for (const one of await Promise.all([late, later, latest])) expect(one?.document.version).toBe(2);
  });

  it('keeps the highest floor for a minute', async () => {
    cache.invalidate(id, 5);
    cache.invalidate(id, 3);
    time += MINUTE_MS - 1;
    cache.put(at(4));
    expect(cache.peek(id)).toBeUndefined();
    time += 2;
    cache.put(at(4));
    expect(cache.peek(id)?.document.version).toBe(4);
  });

  it('gives nothing stale of what was invalidated', async () => {
    cache.put(first);
    cache.invalidate(id, 2);
    await expect(cache.read(id, away)).rejects.toThrow(ServiceUnavailableError);
  });

  it('holds no more than its bytes, the least recently read leaving first', () => {
    const small = createCampaignCache({ maxBytes: 200_000, ttlMs: TTL_MS, now: () => time });
    const campaigns = Array.from({ length: 200 }, () => createCampaignDocument());
    const [kept = first] = campaigns;
    for (const campaign of campaigns) {
      small.put(campaign);
      expect(small.peek(kept._id)).toBeDefined();
    }
    const held = campaigns.filter(campaign => small.peek(campaign._id) !== undefined);
    expect(held.length).toBeLessThan(100);
    expect(held).toContain(campaigns.at(-1));
  });

  it('gives a campaign that is too large for it, and does not keep it', async () => {
    const tiny = createCampaignCache({ maxBytes: 1_000, ttlMs: TTL_MS, now: () => time });
    const large = createCampaignDocument({ content: { en: { terms: 'x'.repeat(2_000) } } });
    await expect(tiny.read(large._id, giving(large))).resolves.toMatchObject({ document: large });
    expect(tiny.peek(large._id)).toBeUndefined();
  });

  it('remembers where a domain led to, as a hint', () => {
    expect(cache.peekDomain('a.example.com')).toBeUndefined();
    cache.putDomain('a.example.com', id);
    expect(cache.peekDomain('a.example.com')).toBe(id);
    cache.putDomain('a.example.com', 'other');
    expect(cache.peekDomain('a.example.com')).toBe('other');
  });

  describe('the views of a campaign', () => {
    const make = (etag: string) => () => createRepresentation({ data: {}, etag });

    it('are made once for a version, also when it is read again', async () => {
      const view = cache.put(first).view('full', make('a'));
      expect(cache.peek(id)?.view('full', make('b'))).toBe(view);
      time += TTL_MS;
      expect((await cache.read(id, giving({ ...first })))?.view('full', make('c'))).toBe(view);
      time += TTL_MS;
      expect((await cache.read(id, away))?.view('full', make('d'))).toBe(view);
    });

    it('are not those of another version', () => {
      const view = cache.put(first).view('full', make('a'));
      expect(cache.put(at(2)).view('full', make('b'))).not.toBe(view);
    });

    it('are few, whatever locales are asked for', () => {
      const campaign = cache.put(first);
      let made = 0;
      const count = () => {
        made += 1;
        return createRepresentation({ data: {}, etag: 'x' });
      };
      for (let round = 0; round < 2; round += 1) {
        for (let locale = 0; locale < 8; locale += 1) campaign.view(`full.${locale}`, count);
      }
      expect(made).toBe(8);
      for (let locale = 0; locale < 100; locale += 1) campaign.view(`full.${locale}`, count);
      campaign.view('full.0', count);
      expect(made).toBeGreaterThan(100);
    });
  });
});
