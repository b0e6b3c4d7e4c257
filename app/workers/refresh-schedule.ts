import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
import { type ManagerContext } from '../context.ts';
import { type Lease, type Locks } from '../datastore/locks.ts';
import { refresh } from '../managers/campaigns/refresh.ts';

export interface RefreshScheduleOptions {
  /** A cron pattern, in UTC. */
  readonly cron: string;
  readonly leaseSeconds: number;
  readonly locks: Locks;
  /** Makes the context of a run, which acts for the service itself and ends early when the signal is aborted. */
  readonly createContext: (correlation: string, signal: AbortSignal) => ManagerContext;
}

export interface RefreshSchedule {
  start(): void;
  /** Ends the schedule, and resolves when a run that is under way has ended, with what it is at. The next one goes on from there. */
  stop(): Promise<void>;
  /** Refreshes now, unless another instance does. Says whether it ran. */
  run(): Promise<boolean>;
}

/** The name of the lease that whoever refreshes holds. */
export const REFRESH_LEASE = 'refresh';

/**
 * Makes the schedule of the refresh inside the service. A lease that expires lets one instance do the work; that each
 * transition happens once is not the lease's doing, but the guarded writes'.
 */
export function createRefreshSchedule({
  cron,
  leaseSeconds,
  locks,
  createContext,
}: RefreshScheduleOptions): RefreshSchedule {
  const owner = randomUUID();
  const ttlMs = leaseSeconds * 1000;
  const stopping = new AbortController();
  let job: Cron | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const runHolding = async (lease: Lease): Promise<void> => {
    const ctx = createContext(randomUUID(), stopping.signal);
    let held: Lease | null = lease;
    const renewal = setInterval(() => {
      void (async () => {
        try {
          if (held !== null) held = await locks.renew(held, ttlMs);
        } catch (error) {
          ctx.log.warn('refresh.leaseNotRenewed', { error });
        }
      })();
    }, ttlMs / 3);
    try {
      const { failed: _named, ...counts } = await refresh(ctx, ctx.service.refreshOptions);
      const isQuiet = counts.opened + counts.closed + counts.inactivated + counts.failedCount === 0;
      ctx.log[isQuiet ? 'debug' : 'info']('refresh.done', counts);
    } finally {
      clearInterval(renewal);
      if (held !== null) await locks.release(held);
    }
  };

  const runAlone = async (): Promise<boolean> => {
    const lease = await locks.acquire(REFRESH_LEASE, owner, ttlMs);
    if (lease === null) return false;
    await runHolding(lease);
    return true;
  };

  const run = (): Promise<boolean> => {
    const begun = runAlone();
    running = Promise.allSettled([running, begun]);
    return begun;
  };

  return {
    run,
    start() {
      job = new Cron(cron, { timezone: 'UTC', protect: true }, async () => {
        try {
          await run();
        } catch (error) {
          const { log } = createContext(randomUUID(), stopping.signal);
          if (stopping.signal.aborted) log.info('refresh.stopped');
          else log.warn('refresh.failed', { error });
        }
      });
    },
    async stop() {
      job?.stop();
      stopping.abort();
      await running;
    },
  };
}
