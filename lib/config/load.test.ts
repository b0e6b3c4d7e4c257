import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSchema } from './config-schema.ts';
import { ConfigError, type ConfigRule, loadConfig } from './load.ts';

const schema = {
  type: 'object',
  properties: {
    server: {
      type: 'object',
      description: 'The server.',
      properties: {
        port: { type: 'integer', minimum: 0, maximum: 65535, default: 80, description: 'Port.', 'x-env': 'PORT' },
        ratio: { type: 'number', default: 1, description: 'Ratio.', 'x-env': 'RATIO' },
        isOn: { type: 'boolean', default: false, description: 'On.', 'x-env': 'IS_ON' },
        roles: {
          type: 'array',
          items: { type: 'string', enum: ['web', 'worker'] },
          default: ['web'],
          description: 'Roles.',
          'x-env': 'ROLES',
        },
      },
    },
    database: {
      type: 'object',
      description: 'The database.',
      properties: {
        uri: { type: 'string', pattern: '^db://', description: 'URI.', 'x-env': 'DB_URI', 'x-secret': true },
      },
    },
  },
} as const satisfies ConfigSchema;

interface TestConfig {
  readonly server: { readonly port: number; readonly ratio: number; readonly isOn: boolean; readonly roles: string[] };
  readonly database: { readonly uri?: string };
}

describe('loadConfig', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  beforeEach(() => {
    writeFileSync(join(directory, 'default.yml'), 'server:\n  port: 81\n  ratio: 0.5\n');
    writeFileSync(join(directory, 'development.yml'), 'server:\n  port: 82\n');
    writeFileSync(join(directory, 'test.yml'), '');
  });

  function load(variables: Record<string, string>, rules: readonly ConfigRule<TestConfig>[] = []) {
    return loadConfig<TestConfig>({ schema, rules, directory, variables });
  }

  function selectFaults(
    variables: Record<string, string>,
    rules: readonly ConfigRule<TestConfig>[] = [],
  ): readonly string[] {
    try {
      load(variables, rules);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
  }

  it('lays the environment over its file, that over default.yml, and that over the defaults', () => {
    expect(load({ RATIO: '0.25' })).toEqual({
      config: { server: { port: 82, ratio: 0.25, isOn: false, roles: ['web'] }, database: {} },
      environment: 'development',
    });
    expect(load({ NODE_ENV: 'test' }).config.server.port).toBe(81);
    expect(load({ PORT: '83' }).config.server.port).toBe(83);
  });

  it('reads variables as what their keys want', () => {
    const { server } = load({ PORT: '0', IS_ON: 'true', ROLES: 'web, worker' }).config;
    expect(server).toMatchObject({ port: 0, isOn: true, roles: ['web', 'worker'] });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load({ PORT: '', DB_URI: '' }).config).toMatchObject({ server: { port: 82 } });
  });

  it.each([
    ['PORT', '80a'],
    ['PORT', '0x50'],
    ['PORT', '080'],
    ['PORT', '1.5'],
    ['PORT', '70000'],
    ['RATIO', 'half'],
    ['RATIO', '1e3'],
    ['IS_ON', 'yes'],
    ['ROLES', 'web,realtime'],
    ['DB_URI', 'http://x'],
  ])('refuses %s=%s instead of falling back', (variable, value) => {
    const [fault, ...others] = selectFaults({ [variable]: value });
    expect(fault).toMatch(new RegExp(`^${variable} must|^${variable} has`));
    expect(others).toEqual([]);
  });

  it('reads a value from a file that <variable>_FILE names, without its last line break', () => {
    const file = join(directory, 'secret');
    writeFileSync(file, 'db://user:pass@host\n');
    expect(load({ DB_URI_FILE: file }).config.database.uri).toBe('db://user:pass@host');
    expect(selectFaults({ DB_URI_FILE: file, DB_URI: 'db://x' })).toEqual(['DB_URI and DB_URI_FILE are both set']);
    expect(selectFaults({ DB_URI_FILE: join(directory, 'none') })).toEqual([
      'DB_URI_FILE names a file that cannot be read',
    ]);
  });

  it('refuses keys that it does not know, in files', () => {
    writeFileSync(join(directory, 'test.yml'), 'server:\n  prot: 1\nsrever:\n  port: 1\n');
    const faults = selectFaults({ NODE_ENV: 'test' });
    expect(faults.join('\n')).toMatch(/server\.prot is not a known/);
    expect(faults.join('\n')).toMatch(/srever is not a known/);
  });

  it('refuses files that are no YAML or no groups', () => {
    writeFileSync(join(directory, 'test.yml'), 'server: [unclosed');
    expect(selectFaults({ NODE_ENV: 'test' }).join()).toMatch(/test\.yml is not YAML/);
    writeFileSync(join(directory, 'test.yml'), 'server: everything');
    expect(selectFaults({ NODE_ENV: 'test', PORT: '1' }).join()).toMatch(/server must be an object/);
  });

  it('refuses an environment that it does not know', () => {
    expect(selectFaults({ NODE_ENV: 'staging' })).toEqual(['NODE_ENV must be one of development, test, production']);
  });

  it('tells all faults at once, and shows no secret', () => {
    const faults = selectFaults({ PORT: 'x', IS_ON: 'y', DB_URI: 'hunter2' });
    expect(faults).toHaveLength(3);
    expect(new ConfigError(faults).message).toMatch(/not valid:\n {2}- /);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('asks the rules about what is valid by itself', () => {
    const rule: ConfigRule<TestConfig> = ({ server }, environment) =>
      server.port === 1 ? [`PORT 1 is not for ${environment}`] : [];
    expect(selectFaults({ PORT: '1' }, [rule])).toEqual(['PORT 1 is not for development']);
    expect(selectFaults({ PORT: '2' }, [rule])).toEqual([]);
    expect(selectFaults({ PORT: 'x' }, [rule])).toHaveLength(1);
  });
});
