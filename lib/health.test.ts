import { describe, expect, it } from '@jest/globals';
import { createHealth } from './health.ts';

describe('health', () => {
  it('is ready between the start and the end, while every dependency answers', async () => {
    const health = createHealth({ mongodb: async () => undefined });
    expect(await health.check()).toMatchObject({ ready: false, state: 'starting' });
    health.setState('ready');
    expect(await health.check()).toEqual({
      ready: true,
      state: 'ready',
      dependencies: [{ name: 'mongodb', ok: true, durationMs: expect.any(Number) }],
    });
    health.setState('draining');
    expect(await health.check()).toMatchObject({ ready: false, state: 'draining' });
  });

  it('says which dependency is down', async () => {
    const health = createHealth({ mongodb: () => Promise.reject(new Error('no')), redis: async () => undefined });
    health.setState('ready');
    const { ready, dependencies } = await health.check();
    expect(ready).toBe(false);
    expect(dependencies.map(({ name, ok }) => [name, ok])).toEqual([
      ['mongodb', false],
      ['redis', true],
    ]);
  });

  it('is ready without what it can do without, and says that it is down', async () => {
    const health = createHealth({}, { redis: () => Promise.reject(new Error('no')) });
    health.setState('ready');
    expect(await health.check()).toMatchObject({
      ready: true,
      dependencies: [{ name: 'redis', ok: false, optional: true }],
    });
  });

  it('does not wait for a dependency that hangs', async () => {
    const health = createHealth({ mongodb: () => new Promise(() => undefined) });
    health.setState('ready');
    expect(await health.check()).toMatchObject({ ready: false });
  });
});
