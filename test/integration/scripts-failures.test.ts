import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Collection, type StoredDocument } from '../../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { spec as campaigns } from '../../app/datastore/campaigns.ts';
import { runScript } from '../support/script.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(120_000);

describe('scripts that cannot do their work', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'scripts-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('say in one line that the service has the data folder', async () => {
    const store = await openEmbeddedStore({ directory });
    try {
      const { code, stdout, stderr } = await runScript('seed', [], { variables: { DATA_DIR: directory } });
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain('Stop the service first');
      expect(stderr).toContain(`The data folder ${directory} is in use`);
      expect(stderr).not.toContain('    at ');
      const state = await runScript('state', ['verify', 'a'.repeat(24)], { variables: { DATA_DIR: directory } });
      expect({ code: state.code, stdout: state.stdout }).toEqual({ code: 3, stdout: '' });
      expect(state.stderr).toContain('Stop the service first');
      expect(state.stderr).not.toContain('    at ');
    } finally {
      await store.close();
    }
  });

  it('say that no database answers, without its credentials', async () => {
    const variables = {
      MONGODB_URI: 'mongodb://somebody:hidden@127.0.0.1:9/campaigns',
      MONGODB_SERVER_SELECTION_TIMEOUT_MS: '200',
    };
    const { code, stdout, stderr } = await runScript('indexes', [], { variables });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('MongoDB at 127.0.0.1:9/campaigns does not answer.');
    expect(stderr).not.toContain('hidden');
  });

  it('say which index cannot be made because documents share its key', async () => {
    const store = await openEmbeddedStore({ directory });
    const bare: Collection<StoredDocument & { identifier: string }> = store.collection({ ...campaigns, indexes: [] });
    await bare.insertOne({ _id: 'a'.repeat(24), identifier: 'same' });
    await bare.insertOne({ _id: 'b'.repeat(24), identifier: 'same' });
    await store.close();
    const { code, stderr } = await runScript('indexes', [], { variables: { DATA_DIR: directory } });
    expect(code).toBe(1);
    expect(stderr).toContain('campaigns.identifier cannot be made');
  });

  it('print their help, each with examples and exit codes', async () => {
    const helps = await Promise.all(
      ['jwt', 'seed', 'state', 'indexes', 'refresh', 'config'].map(name => runScript(name, ['--help'])),
    );
    for (const { code, stdout, stderr } of helps) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/Examples\n[\s\S]*Exit codes\n/);
    }
  });
});
