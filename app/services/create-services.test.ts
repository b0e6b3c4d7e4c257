import { describe, expect, it } from '@jest/globals';
import path from 'node:path';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { RateLimitedError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { createCaching } from './caching.ts';
import { createServices } from './create-services.ts';
import { createInstanceMessages } from './redis/instance-messages.ts';
import { createRevocations } from './revocations.ts';
import { type Services } from './services.ts';

describe('the services of a configuration', () => {
  const suite = useManagerWorld();
  const create = (variables: Readonly<Record<string, string>> = {}): Services => {
    const { config } = loadConfig<Config>({
      schema: configSchema,
      rules: configRules,
      directory: path.resolve('config'),
      variables: { NODE_ENV: 'test', ...variables },
    });
    const { log } = suite.world.createContext();
    const revocations = createRevocations({ users: suite.world.datastores.users, log });
    return createServices(config, {
      revocations,
      deliveries: suite.world.createContext().service.deliveries,
      events: suite.world.createContext().service.events,
      caching: createCaching(config, {
        servers: null,
        messages: createInstanceMessages(null, { Log: silentLog, count: () => undefined }),
        count: () => undefined,
      }),
      onRefreshed: () => undefined,
      onHttpAttempt: () => undefined,
      instrument: (_name, service) => service,
      Log: silentLog,
    });
  };

  it('show nothing to the public and retire campaigns after thirty days, unless told', () => {
    expect(create()).toMatchObject({ publicReads: false, refreshOptions: { batchSize: 200, inactiveAfterDays: 30 } });
    expect(create({ PUBLIC_READS: 'true', REFRESH_BATCH_SIZE: '7', INACTIVE_AFTER_DAYS: '60' })).toMatchObject({
      publicReads: true,
      refreshOptions: { batchSize: 7, inactiveAfterDays: 60 },
    });
  });

  it('let as many wrong passwords pass as is configured', async () => {
    const { passwords } = create({ RATE_LIMIT_PASSWORD_ATTEMPTS: '1', RATE_LIMIT_PASSWORD_WINDOW_SECONDS: '7' });
    const now = new Date('2026-03-01T12:00:00.000Z');
    const attempt = { attempts: suite.world.datastores.attempts, key: 'configured', now };
    await expect(passwords.verify('wrong', 'no hash', attempt)).resolves.toBe(false);
    const refused = passwords.verify('wrong', 'no hash', attempt);
    await expect(refused).rejects.toThrow(RateLimitedError);
    await expect(refused).rejects.toMatchObject({ headers: { 'retry-after': '7' } });
  });

  it('know the Discovery API where there is a key', () => {
    expect(create()).toMatchObject({ discovery: null, discoveryValidation: 'enforce' });
    expect(create({ DISCOVERY_API_KEY: 'x', DISCOVERY_VALIDATE: 'warn' })).toMatchObject({
      discovery: { findVenue: expect.any(Function) },
      discoveryValidation: 'warn',
    });
  });

  it('encrypt where there are keys', () => {
    const key = Buffer.alloc(32, 1).toString('base64');
    expect(create().fieldEncryption.enabled).toBe(false);
    expect(create({ DATA_ENCRYPTION_KEYS: key }).fieldEncryption.enabled).toBe(true);
  });
});
