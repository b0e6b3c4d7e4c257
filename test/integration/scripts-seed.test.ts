import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { specs } from '../../app/datastore/datastores.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';
import { runScript } from '../support/script.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(120_000);

describeStores('scripts on a database', target => {
  let directory: string;
  let server: OpenStore | undefined;
  let variables: Record<string, string>;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'scripts-'));
    server = target.kind === 'mongodb' ? await target.open() : undefined;
    variables = { DATA_DIR: directory, ...(server && selectMongodbVariables(server)) };
  });

  afterEach(async () => {
    await server?.close();
    await rm(directory, { recursive: true });
  });

  it('seeds the demo once, and generated campaigns only when it is forced to add to what is there', async () => {
    const first = await runScript('seed', [], { variables });
    expect(first).toMatchObject({ code: 0, stdout: '{"campaigns":12,"markets":60}\n' });
    const second = await runScript('seed', ['--campaigns', '20'], { variables });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('--force');
    const forced = await runScript('seed', ['--campaigns', '20', '--force'], { variables });
    expect(forced).toMatchObject({ code: 0, stdout: '{"campaigns":20}\n' });
  });

  it('makes the indexes that are missing, after it has said which', async () => {
    const before = await runScript('indexes', ['--check'], { variables });
    expect(before.code).toBe(1);
    const names = specs.flatMap(({ name, indexes }) => indexes.map(index => `${name}.${index.name}`));
    expect(before.stdout.trim().split('\n')).toEqual(names);
    const made = await runScript('indexes', [], { variables });
    expect(made).toMatchObject({ code: 0, stdout: before.stdout });
    expect(await runScript('indexes', ['--check'], { variables })).toMatchObject({ code: 0, stdout: '' });
  });

  it('refuses options that it does not know and numbers that are none', async () => {
    const [unknown, none] = await Promise.all([
      runScript('seed', ['--forced'], { variables }),
      runScript('seed', ['--campaigns', 'many'], { variables }),
    ]);
    expect([unknown, none]).toMatchObject([
      { code: 2, stdout: '' },
      { code: 2, stdout: '' },
    ]);
  });
});

/** Names the database that a target opened. A location shows no credentials, so a server that was named keeps its URI. */
function selectMongodbVariables({ store }: OpenStore): Record<string, string> {
  const [hosts = '', database = ''] = store.location.split('/');
  const { MONGODB_TEST_URI: named = '' } = process.env;
  return {
    MONGODB_URI: named.includes(hosts) ? named : `mongodb://${hosts}/?directConnection=true`,
    MONGODB_DATABASE: database,
  };
}
