import { describe, expect, it } from '@jest/globals';
import path from 'node:path';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { configRules } from '../../config/rules.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { silentLog } from '../../lib/log.ts';
import { createContextFactory } from '../context-factory.ts';
import { openVersionedCollections } from '../datastore/datastores.ts';
import { type Role, selectWorkers, type Worker, type WorkerDependencies } from './workers.ts';

describe('the workers of a process', () => {
  const suite = useManagerWorld();
  const deliveries: Worker = { start: () => undefined, stop: () => Promise.resolve() };
  const select = (roles: readonly Role[], variables: Readonly<Record<string, string>> = {}): readonly Worker[] => {
    const { config } = loadConfig<Config>({
      schema: configSchema,
      rules: configRules,
      directory: path.resolve('config'),
      variables: { NODE_ENV: 'test', ...variables },
    });
    const { datastore, service, clock, log } = suite.world.createContext();
    const dependencies: WorkerDependencies = {
      config,
      datastores: suite.world.datastores,
      collections: openVersionedCollections(suite.world.store),
      dispatcher: suite.world.dispatcher,
      deliveries,
      aws: { sqs: () => Promise.reject(new Error('No queue is asked.')) },
      contexts: createContextFactory({ datastore, service, clock, log }),
      clock,
      Log: silentLog,
    };
    return selectWorkers(roles, dependencies);
  };
  const cron = { REFRESH_CRON: '0 3 * * *' };

  it('are the deliveries alone where it only answers requests, unless others deliver', () => {
    expect(select(['web'], cron)).toEqual([deliveries]);
    expect(select(['web', 'worker'], { ...cron, DELIVERIES_ENABLED: 'false' })).toHaveLength(3);
    expect(select([])).toEqual([]);
  });

  it('are the deliveries, the sweep, housekeeping and selections where it works beside them', () => {
    expect(select(['worker'], cron)).toEqual([deliveries, ...Array.from({ length: 3 }, () => expect.anything())]);
  });

  it('are the schedule of the refresh where there is one', () => {
    expect(select(['refresh'], cron)).toHaveLength(1);
    expect(select(['refresh'])).toEqual([]);
  });

  it('are all of them where it has every role, each once', () => {
    expect(select(['web', 'worker', 'refresh', 'worker'], cron)).toHaveLength(5);
  });

  it('start and stop', async () => {
    const workers = select(['web', 'worker', 'refresh'], cron);
    for (const worker of workers) worker.start();
    await Promise.all(workers.map(worker => worker.stop()));
    expect(workers).toHaveLength(5);
  });
});
