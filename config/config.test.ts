import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { listConfigKeys } from '../lib/config/config-schema.ts';
import { ConfigError, loadConfig } from '../lib/config/load.ts';
import { configRules, selectKeySource } from './rules.ts';
import { type Config, configSchema } from './schema.ts';

const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  type: 'spki',
  format: 'pem',
}) as string;
const BROKEN_KEY = '-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----';
/** What deliveries go to, each by its variable. */
const off = {
  KINESIS_CAMPAIGN_STREAM: 'off',
  KINESIS_ATTENDANCE_STREAM: 'off',
  SQS_DATA_PIPELINE_QUEUE_URL: 'off',
  SQS_REFRESH_SELECTIONS_QUEUE_URL: 'off',
  FASTLY_SERVICE_ID: 'off',
};
const production = { NODE_ENV: 'production', JWT_PUBLIC_KEY: publicKey, DATA_DIR: '/data', ...off };

function load(variables: Record<string, string>): Config {
  const directory = import.meta.dirname;
  return loadConfig<Config>({ schema: configSchema, rules: configRules, directory, variables }).config;
}

function selectFaults(variables: Record<string, string>): string {
  try {
    load(variables);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join('\n');
    throw error;
  }
}

describe('the configuration', () => {
  it('needs nothing in development and in tests', () => {
    expect(load({})).toMatchObject({
      server: { host: '127.0.0.1', port: 8080, publicReads: true },
      service: { seedDemo: true, roles: ['web', 'realtime', 'worker', 'refresh'] },
    });
    expect(load({ NODE_ENV: 'test' })).toMatchObject({ server: { port: 0 }, log: { level: 'error' } });
  });

  it('in production listens outside, keeps private things private and lets load balancers look away first', () => {
    expect(load(production)).toMatchObject({
      server: { host: '0.0.0.0', publicReads: false, shutdownDelayMs: 5000 },
      service: { seedDemo: false },
      database: { createIndexes: false },
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'without a key for tokens',
      { JWT_PUBLIC_KEY: '' },
      /one of JWT_PUBLIC_KEY, JWT_JWKS_URL and JWT_SECRET must be set/,
    ],
    ['with two sources of keys', { JWT_JWKS_URL: 'https://x/jwks' }, /both set/],
    [
      'with a shared secret, however strong',
      { JWT_PUBLIC_KEY: '', JWT_SECRET: 'x'.repeat(64) },
      /JWT_SECRET is for development only/,
    ],
    ['with an invented Discovery API', { DISCOVERY_STUB: 'true' }, /DISCOVERY_STUB is not for production/],
    ['with demo data', { SEED_DEMO: 'true' }, /SEED_DEMO is not for production/],
  ])('refuses production %s', (_case, variables, fault) => {
    expect(selectFaults({ ...production, ...variables })).toMatch(fault);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a short secret', { JWT_SECRET: 'short' }, /JWT_SECRET must have at least 32 characters/],
    ['algorithms of another kind of key', { JWT_ALGORITHMS: 'RS256' }, /JWT_ALGORITHMS must fit the key/],
    ['a cron pattern that is none', { REFRESH_CRON: 'at noon' }, /REFRESH_CRON must be a cron pattern/],
    ['a database slower than a request', { REQUEST_TIMEOUT_MS: '1000' }, /must be below REQUEST_TIMEOUT_MS/],
    ['a stop that is over before it begins', { SHUTDOWN_DELAY_MS: '20000' }, /SHUTDOWN_DELAY_MS must be at most half/],
    ['a key of the wrong size', { DATA_ENCRYPTION_KEYS: 'YWJj' }, /DATA_ENCRYPTION_KEYS/],
    ['the secret that everybody knows where others reach it', { HOST: '0.0.0.0' }, /^HOST can be reached by others/],
    ['it again, on a name', { HOST: 'service.internal' }, /^HOST can be reached by others/],
    ['a key that is none', { JWT_PUBLIC_KEY: BROKEN_KEY }, /^JWT_PUBLIC_KEY cannot be used: .* not one in PEM\.$/],
    ['an address without a host', { JWT_JWKS_URL: 'https://' }, /^JWT_JWKS_URL is not a complete URL$/],
    [
      'a password that is not encoded',
      { MONGODB_URI: 'mongodb://u:p@ss@db/x' },
      /^MONGODB_URI is not a URI of MongoDB/,
    ],
    ['half an encoding', { MONGODB_URI: 'mongodb://u:p%4@db' }, /^MONGODB_URI is not a URI of MongoDB/],
    ['a URI without a host', { MONGODB_URI: 'mongodb:///x' }, /^MONGODB_URI is not a URI of MongoDB/],
    [
      'certificates that are not there',
      { MONGODB_TLS_CA_FILE: 'no-such.pem', MONGODB_TLS_CERTIFICATE_KEY_FILE: 'nor-this.pem' },
      /^MONGODB_TLS_CA_FILE names a file that cannot be read\nMONGODB_TLS_CERTIFICATE_KEY_FILE names/,
    ],
    ['no role', { ROLES: ',' }, /ROLES/],
    ['a replica without a primary', { REDIS_REPLICA_URL: 'redis://replica' }, /REDIS_REPLICA_URL needs REDIS_URL/],
  ])('refuses %s anywhere', (_case, variables, fault) => {
    expect(selectFaults(variables)).toMatch(fault);
  });

  it.each<Record<string, string>>([
    { MONGODB_URI: 'mongodb://db' },
    { MONGODB_URI: 'mongodb://u:p%40ss@db-1:27017,db-2:27018,[::1]:27019/shop?replicaSet=rs0&tls=true' },
    { MONGODB_URI: 'mongodb://127.0.0.1:27017/?directConnection=true' },
    { MONGODB_URI: 'mongodb+srv://user:secret@cluster.example.net/' },
    { HOST: '0.0.0.0', JWT_SECRET: 'a secret that stands in no repository' },
    { HOST: '0.0.0.0', JWT_PUBLIC_KEY: publicKey.replaceAll('\n', '\\n') },
    { HOST: '::1' },
  ])('takes %p', variables => {
    expect(selectFaults(variables)).toBe('');
  });

  it('knows the secrets of its own files', () => {
    for (const NODE_ENV of ['development', 'test']) expect(selectFaults({ NODE_ENV, HOST: '::' })).toMatch(/^HOST /);
  });

  it('makes production decide about each target of deliveries, and says all that is undecided at once', () => {
    const undecided = Object.fromEntries(Object.keys(off).map(variable => [variable, '']));
    const faults = selectFaults({ ...production, ...undecided }).split('\n');
    expect(faults.map(fault => fault.split(' ')[0])).toEqual(Object.keys(off));
    expect(faults[0]).toMatch(/must be set: .* or says off$/);
    expect(load({}).kinesis.campaignStream).toBeUndefined();
    expect(load({ NODE_ENV: 'test' }).fastly.serviceId).toBe('off');
  });

  it.each<[string, Record<string, string>, RegExp | '']>([
    [
      'a stream without its region',
      { KINESIS_CAMPAIGN_STREAM: 'changes' },
      /^KINESIS_CAMPAIGN_STREAM needs AWS_REGION$/,
    ],
    [
      'a queue without its region',
      { SQS_DATA_PIPELINE_QUEUE_URL: 'https://sqs.example/1/q' },
      /^SQS_DATA_PIPELINE_QUEUE_URL needs AWS_REGION$/,
    ],
    ['a CDN without its token', { FASTLY_SERVICE_ID: 'abc123' }, /^FASTLY_SERVICE_ID needs FASTLY_API_TOKEN$/],
    [
      'a name that is no queue',
      { SQS_REFRESH_SELECTIONS_QUEUE_URL: 'refresh' },
      /^SQS_REFRESH_SELECTIONS_QUEUE_URL has the wrong form/,
    ],
    ['a stream with a region', { KINESIS_CAMPAIGN_STREAM: 'changes', AWS_REGION: 'eu-west-1' }, ''],
  ])('looks at a target as a whole: %s', (_case, variables, fault) => {
    const faults = selectFaults({ ...production, ...variables });
    if (fault === '') expect(faults).toBe('');
    else expect(faults).toMatch(fault);
  });

  it('lets a real key take the place of the secret of development', () => {
    const { jwt } = load({ JWT_JWKS_URL: 'https://keys.example.com/jwks' });
    expect(selectKeySource(jwt)).toEqual({ jwksUrl: 'https://keys.example.com/jwks' });
    expect(selectKeySource(load({}).jwt)).toEqual({ secret: expect.any(String) as unknown });
  });

  it('describes every key by a sentence, and names each variable once', () => {
    const keys = listConfigKeys(configSchema);
    for (const { key } of keys) {
      expect(key.description).toMatch(/^[A-Z`].*\.$/);
      expect(key['x-env']).toMatch(/^[A-Z][A-Z0-9_]*$/);
    }
    expect(new Set(keys.map(({ key }) => key['x-env'])).size).toBe(keys.length);
  });

  it('hides what is secret', () => {
    const secrets = listConfigKeys(configSchema).filter(({ key }) => key['x-secret'] === true);
    expect(secrets.map(({ key }) => key['x-env'])).toEqual([
      'MONGODB_URI',
      'JWT_SECRET',
      'REDIS_URL',
      'REDIS_REPLICA_URL',
      'DISCOVERY_API_KEY',
      'GITLAB_TOKEN',
      'DATA_ENCRYPTION_KEYS',
      'FASTLY_API_TOKEN',
    ]);
  });
});
