import { afterEach, describe, expect, it } from '@jest/globals';
import { createTestToken, servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

describe('the rate limit', () => {
  let server: TestPipeline;
  const get = (headers: Record<string, string> = {}): Promise<Response> => fetch(server.url, { headers });
  const start = async (rateLimitPerMinute: number | null): Promise<void> => {
    server = await servePipeline(({ state }) => (state.reply = { data: 1 }), { rateLimitPerMinute });
  };

  afterEach(() => server.close());

  it('says how much is left, and refuses what is over', async () => {
    await start(2);
    const [first, second, third] = [await get(), await get(), await get()];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect([first, second, third].map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['1', '0', '0']);
    expect(first.headers.get('ratelimit-limit')).toBe('2');
    expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(third.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await third.json()).toMatchObject({ error: { type: 'RATE_LIMITED' } });
  });

  it('counts each caller alone, whatever address they share', async () => {
    await start(1);
    const [one, two] = ['user-1', 'user-2'].map(userId => ({ authorization: `Bearer ${createTestToken({ userId })}` }));
    expect((await get(one)).status).toBe(200);
    expect((await get(two)).status).toBe(200);
    expect((await get()).status).toBe(200);
    expect((await get(one)).status).toBe(429);
    expect((await get()).status).toBe(429);
  });

  it('does not let a bad token be another caller', async () => {
    await start(1);
    expect((await get({ authorization: 'Bearer a' })).status).toBe(200);
    expect((await get({ authorization: 'Bearer b' })).status).toBe(429);
  });

  it('does not count the paths of probes', async () => {
    server = await servePipeline(({ state }) => (state.reply = { data: 1 }), {
      rateLimitPerMinute: 1,
      unlimitedPaths: new Set(['/alive']),
    });
    const statuses: number[] = [];
    for (const path of ['/alive', '/alive', '/', '/', '/alive']) {
      statuses.push((await fetch(new URL(path, server.url))).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 200]);
  });

  it('can be turned off', async () => {
    await start(null);
    const response = await get();
    expect(response.headers.get('ratelimit-limit')).toBeNull();
  });
});
