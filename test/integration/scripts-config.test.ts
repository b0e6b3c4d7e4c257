import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { configSchema } from '../../config/schema.ts';
import { formatConfigTable } from '../../lib/config/describe.ts';
import { runScript } from '../support/script.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(120_000);

describe('scripts/config', () => {
  it('prints the table of all keys', async () => {
    expect(await runScript('config')).toEqual({ code: 0, stdout: `${formatConfigTable(configSchema)}\n`, stderr: '' });
  });

  it('prints the configuration that holds, without its secrets, when it is valid', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'config-'));
    try {
      const file = path.join(directory, 'uri');
      await writeFile(file, 'mongodb://somebody:hidden@db.internal/campaigns\n');
      const variables = { MONGODB_URI_FILE: file, PORT: '9090' };
      const { code, stdout, stderr } = await runScript('config', ['--check'], { variables });
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'The configuration is valid for test.\n' });
      expect(JSON.parse(stdout)).toMatchObject({ server: { port: 9090 }, database: { uri: '[redacted]' } });
      expect(stdout).not.toContain('hidden');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('names every fault, and prints nothing else, when it is not', async () => {
    const variables = { NODE_ENV: 'production', PORT: 'eighty', LOG_LEVEL: 'loud' };
    const { code, stdout, stderr } = await runScript('config', ['--check'], { variables });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('PORT');
    expect(stderr).toContain('LOG_LEVEL');
    expect(stderr).not.toContain('    at ');
  });

  it('refuses a command line that it does not understand', async () => {
    for (const args of [['--chekc'], ['check']]) {
      const { code, stdout, stderr } = await runScript('config', args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('See --help.');
    }
  });
});
