import { type Log } from '../../lib/log.ts';
import { type Config } from '../../config/schema.ts';
import { type ContextFactory } from '../context-factory.ts';
import { type Clock } from '../context.ts';
import { type Datastores, type openVersionedCollections } from '../datastore/datastores.ts';
import { pruneAll } from '../datastore/state-retention.ts';
import { type Deliveries } from '../hooks/delivery/deliveries.ts';
import { type Dispatcher } from '../hooks/dispatcher.ts';
import { type AwsClients } from '../services/aws.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';
import { createSelectionsWorker } from './selections.ts';
import { createSweep } from './sweep.ts';

/** Something that runs beside the requests. */
export interface Worker {
  start(): void;
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>;
}

/** What a process can do; by default it does all of it. */
export type Role = Config['service']['roles'][number];

export interface WorkerDependencies {
  readonly config: Config;
  readonly datastores: Datastores;
  readonly collections: ReturnType<typeof openVersionedCollections>;
  readonly dispatcher: Dispatcher;
  readonly deliveries: Pick<Deliveries, 'start' | 'stop'>;
  readonly aws: Pick<AwsClients, 'sqs'>;
  readonly contexts: ContextFactory;
  readonly clock: Clock;
  readonly Log: Log;
}

/** Whoever writes delivers at once, and so does whoever works beside it; leases see to it that one does at a time. */
const selectDeliveries = ({ config, deliveries }: WorkerDependencies): readonly Worker[] =>
  config.deliveries.enabled ? [deliveries] : [];

/** Snapshots nearer to each other than this add little: the journal bridges the versions between them quickly. */
const SNAPSHOT_DISTANCE = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes the versions of live states that need not be kept any more. */
function pruneStates({ config, datastores }: WorkerDependencies, now: Date, signal: AbortSignal): Promise<unknown> {
  const { historyDays, historyVersions } = config.state;
  const retention = {
    maxVersions: historyVersions,
    maxAgeMs: historyDays * DAY_MS,
    snapshotDistance: SNAPSHOT_DISTANCE,
  };
  return pruneAll({ journal: datastores.stateJournal, snapshots: datastores.stateSnapshots }, retention, now, signal);
}

/** Which workers a role runs. */
const workersOf: Readonly<Record<Role, (dependencies: WorkerDependencies) => readonly Worker[]>> = {
  web: selectDeliveries,
  realtime: () => [],
  worker: dependencies => {
    const { config, datastores, collections, dispatcher, contexts, aws, clock, Log } = dependencies;
    const queueUrl = config.sqs.refreshSelectionsQueueUrl;
    return [
      ...selectDeliveries(dependencies),
      createSweep({
        collections,
        outbox: dispatcher,
        clock,
        log: Log('app/workers/sweep'),
        intervalMs: config.changes.sweepIntervalMs,
        minAgeMs: config.changes.sweepAgeMs,
      }),
      createHousekeeping({
        tasks: {
          attempts: now => datastores.attempts.purge(now),
          stateHistory: (now, signal) => pruneStates(dependencies, now, signal),
        },
        clock,
        log: Log('app/workers/housekeeping'),
      }),
      createSelectionsWorker({
        contexts,
        log: Log,
        queue: queueUrl === undefined || queueUrl === 'off' ? null : { url: queueUrl, connect: () => aws.sqs() },
        ...config.selections,
      }),
    ];
  },
  refresh: ({ config, datastores, contexts }) =>
    config.refresh.cron === undefined
      ? []
      : [
          createRefreshSchedule({
            cron: config.refresh.cron,
            leaseSeconds: config.refresh.leaseSeconds,
            locks: datastores.locks,
            createContext: (correlation, signal) => contexts.forSystem(correlation, signal),
          }),
        ],
};

/** Makes the workers of the roles of a process. */
export function selectWorkers(roles: readonly Role[], dependencies: WorkerDependencies): readonly Worker[] {
  // Several roles may run the same one.
  return [...new Set([...new Set(roles)].flatMap(role => workersOf[role](dependencies)))];
}
