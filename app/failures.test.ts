import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configSchema } from '../config/schema.ts';
import { loadConfig } from '../lib/config/load.ts';
import { ServiceUnavailableError } from '../lib/errors.ts';
import { silentLog } from '../lib/log.ts';
import { loadTestConfig } from '../test/support/test-config.ts';
import { openEmbeddedStore } from './datastore/store/embedded/embedded-store.ts';
import { describeFailure, exitCodes } from './failures.ts';
import { listen } from './http.ts';
import { openStore } from './store.ts';

/** What a start throws that is to fail. */
async function failureOf(start: () => unknown): Promise<unknown> {
  try {
    await start();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

describe('the failure of a start', () => {
  const cleaning: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const clean of cleaning.splice(0).reverse()) await clean();
  });
  const makeDirectory = async (): Promise<string> => {
    const directory = await mkdtemp(path.join(tmpdir(), 'failures-'));
    cleaning.push(() => rm(directory, { recursive: true, force: true }));
    return directory;
  };

  it('has an exit code of its own for each kind', () => {
    expect(exitCodes).toEqual({ unknown: 1, config: 2, dataDirectoryLocked: 3, databaseAway: 4, portTaken: 5 });
  });

  it('is a line for each fault of the configuration, and exit code 2', async () => {
    const directory = await makeDirectory();
    const variables = { NODE_ENV: 'test', PORT: 'eighty', LOG_LEVEL: 'loud' };
    const error = await failureOf(() => loadConfig({ schema: configSchema, rules: [], directory, variables }));
    const { message, exitCode } = describeFailure(error);
    expect(exitCode).toBe(2);
    expect(message.split('\n')).toEqual([
      'The configuration is not valid:',
      expect.stringMatching(/^ {2}- PORT /) as unknown,
      expect.stringMatching(/^ {2}- LOG_LEVEL /) as unknown,
    ]);
  });

  it('is one line that names the folder which another process has, and exit code 3', async () => {
    const directory = await makeDirectory();
    const store = await openEmbeddedStore({ directory });
    cleaning.push(() => store.close());
    const failure = describeFailure(await failureOf(() => openEmbeddedStore({ directory })));
    expect(failure).toEqual({ message: expect.stringContaining(directory) as unknown, exitCode: 3 });
    expect(failure.message).not.toContain('\n');
  });

  it('is one line that names the database which is away, and exit code 4', () => {
    const error = new ServiceUnavailableError('mongodb', { cause: new Error('ECONNREFUSED') });
    expect(describeFailure(error)).toEqual({ message: 'The service cannot reach mongodb now.', exitCode: 4 });
  });

  it('is one line that names the port which is taken, and exit code 5', async () => {
    const [holder, server]: Server[] = [createServer(), createServer()];
    if (holder === undefined || server === undefined) return;
    await listen(holder, 0, '127.0.0.1');
    cleaning.push(() => new Promise(resolve => holder.close(resolve)));
    const { port } = holder.address() as AddressInfo;
    const error = await failureOf(() => listen(server, port, '127.0.0.1'));
    expect(describeFailure(error)).toEqual({
      message: `Port ${port} of 127.0.0.1 is in use. Set PORT to another one.`,
      exitCode: 5,
    });
  });

  it.each([
    ['below a file', ['file', 'data'], 'ENOTDIR'],
    ['a file', ['file'], 'EEXIST'],
  ])('is one line for a data folder that is %s, and exit code 2', async (_what, names, code) => {
    const root = await makeDirectory();
    await writeFile(path.join(root, 'file'), '');
    const directory = path.join(root, ...names);
    const error = await failureOf(() => openEmbeddedStore({ directory }));
    expect(describeFailure(error)).toEqual({
      message: `DATA_DIR cannot be used: ${code} at ${directory}.`,
      exitCode: 2,
    });
  });

  it('is one line for a data folder that may not be written to, and exit code 2', () => {
    const error = Object.assign(new Error('listen EACCES'), {
      code: 'EACCES',
      syscall: 'listen',
      address: '/data/lock',
      port: -1,
    });
    expect(describeFailure(error)).toEqual({ message: 'DATA_DIR cannot be used: EACCES at /data/lock.', exitCode: 2 });
  });

  it.each([
    ['192.0.2.1', 'HOST is no address of this machine: 192.0.2.1.'],
    ['nowhere.invalid', 'HOST cannot be resolved: nowhere.invalid.'],
  ])('is one line for the host %s, and exit code 2', async (host, message) => {
    const error = await failureOf(() => listen(createServer(), 0, host));
    expect(describeFailure(error)).toEqual({ message, exitCode: 2 });
  });

  it('is one line for a MongoDB option that nobody knows, and exit code 2', async () => {
    const config = loadTestConfig({ MONGODB_URI: 'mongodb://user:geheim@127.0.0.1:1/?nonsense=1' });
    const { message, exitCode } = describeFailure(await failureOf(() => openStore(config, silentLog)));
    expect([exitCode, message]).toEqual([2, expect.stringContaining('MONGODB_URI has an option')]);
    expect(message).not.toContain('geheim');
  });

  it('is one line for a port that may not be used, and exit code 5', () => {
    const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES', address: '0.0.0.0', port: 80 });
    expect(describeFailure(error)).toEqual({ message: 'Port 80 of 0.0.0.0 may not be used.', exitCode: 5 });
  });

  it('is told with where it comes from when nobody foresaw it, and exit code 1', () => {
    const denied = Object.assign(new Error('EACCES: /data'), { code: 'EACCES' });
    for (const error of [new TypeError('x is not a function'), denied]) {
      const { message, exitCode } = describeFailure(error);
      expect(exitCode).toBe(1);
      expect(message).toContain(error.message);
      expect(message).toContain('failures.test');
    }
    expect(describeFailure('thrown as a text')).toEqual({ message: 'thrown as a text', exitCode: 1 });
    expect(describeFailure(undefined)).toEqual({ message: 'undefined', exitCode: 1 });
  });
});
