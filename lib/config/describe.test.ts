import { describe, expect, it } from '@jest/globals';
import { type ConfigSchema, listConfigKeys } from './config-schema.ts';
import { formatConfigTable, redactConfig } from './describe.ts';

const schema = {
  type: 'object',
  properties: {
    log: {
      type: 'object',
      description: 'Logging.',
      properties: {
        level: {
          type: 'string',
          enum: ['info', 'debug'],
          default: 'info',
          description: 'The level.',
          'x-env': 'LEVEL',
        },
      },
    },
    jwt: {
      type: 'object',
      description: 'Tokens.',
      properties: {
        roles: { type: 'array', default: ['a', 'b'], description: 'The roles.', 'x-env': 'ROLES' },
        secret: { type: 'string', default: 'x', description: 'The key.', 'x-env': 'SECRET', 'x-secret': true },
        issuer: { type: 'string', description: 'The issuer.', 'x-env': 'ISSUER' },
      },
    },
  },
} as const satisfies ConfigSchema;

describe('the description of the configuration', () => {
  it('is a table with a row for each key, and never the default of a secret', () => {
    expect(formatConfigTable(schema).split('\n')).toEqual([
      '| variable | key | type | default | |',
      '| --- | --- | --- | --- | --- |',
      '| `LEVEL` | `log.level` | `info` \\| `debug` | `info` | The level. |',
      '| `ROLES` | `jwt.roles` | array | `a,b` | The roles. |',
      '| `SECRET` | `jwt.secret` | string |  | The key. Secret. |',
      '| `ISSUER` | `jwt.issuer` | string |  | The issuer. |',
    ]);
  });

  it('lists the keys in their order', () => {
    expect(listConfigKeys(schema).map(({ group, name }) => `${group}.${name}`)).toEqual([
      'log.level',
      'jwt.roles',
      'jwt.secret',
      'jwt.issuer',
    ]);
  });

  it('shows a configuration without its secrets', () => {
    expect(redactConfig(schema, { log: { level: 'debug' }, jwt: { secret: 'hunter2', roles: [] } })).toEqual({
      log: { level: 'debug' },
      jwt: { secret: '[redacted]', roles: [] },
    });
  });
});
