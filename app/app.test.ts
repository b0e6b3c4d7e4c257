import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLog } from '../lib/log.ts';
import { createValidator } from '../lib/schema/validator.ts';
import { loadTestConfig } from '../test/support/test-config.ts';
import { create } from './app.ts';

describe('the service, as it is made', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'app-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('has compiled every schema before it can listen, so that a wrong one is found at once', async () => {
    const config = loadTestConfig({ DATA_DIR: directory });
    const log = createLog({ level: 'error', environment: 'test', destination: { write: () => undefined } });
    // In tests schemas are compiled when they are needed.
    const make = () => create({ config, environment: 'production', log });
    createValidator({ type: 'object', propertees: {} });
    await expect(make()).rejects.toThrow(/propertees/);
    // What was opened by then is closed, and there is no other schema that is wrong.
    const app = await make();
    expect(await app.stop()).toBe(0);
  });
});
