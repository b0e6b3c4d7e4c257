import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { writeDemo } from '../../app/demo/seed.ts';
import { createDemoContext, seedDemo } from '../../app/development.ts';
import { campaignManager } from '../../app/managers/campaigns/manager.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const whole = { campaigns: 12, markets: 60 };

describe('the demo at a start', () => {
  let test: TestApp;
  afterEach(() => test.stop());

  const start = async (variables: Readonly<Record<string, string>> = {}): Promise<TestApp> =>
    (test = await startTestApp({ variables: { SEED_DEMO: 'true', ...variables } }));
  const mark = () => path.join(test.config.database.directory, 'demo.unfinished');

  it('is written where there is nothing, once', async () => {
    const { app, config } = await start();
    await expect(seedDemo(app, config)).resolves.toEqual(whole);
    expect(existsSync(mark())).toBe(false);
    await expect(seedDemo(app, config)).resolves.toBeNull();
  });

  it('is not written where it is not asked for', async () => {
    const { app, config } = await start({ SEED_DEMO: 'false' });
    await expect(seedDemo(app, config)).resolves.toBeNull();
  });

  it('is not written where somebody made campaigns', async () => {
    const { app, config } = await start();
    await campaignManager.create(createDemoContext(app), { name: 'Mine' });
    await expect(seedDemo(app, config)).resolves.toBeNull();
  });

  it('goes on where a crash interrupted it', async () => {
    const { app, config } = await start();
    const ctx = createDemoContext(app);
    const { markets } = ctx.datastore;
    let left = 7;
    const insert: typeof markets.insert = (...parts) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('killed')) : markets.insert(...parts);
    };
    const dying = { ...ctx, datastore: { ...ctx.datastore, markets: { ...markets, insert } } };
    await expect(writeDemo(dying)).rejects.toThrow('killed');
    await writeFile(mark(), '');
    await expect(seedDemo(app, config)).resolves.toEqual(whole);
    expect(existsSync(mark())).toBe(false);
    await expect(seedDemo(app, config)).resolves.toBeNull();
  });

  it('asks no Discovery API, which may be slow to answer', async () => {
    const { app, config } = await start({ DISCOVERY_API_KEY: 'key', DISCOVERY_URL: 'http://127.0.0.1:1' });
    await expect(seedDemo(app, config)).resolves.toEqual(whole);
  });
});
