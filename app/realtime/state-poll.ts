import { type Logger } from '../../lib/log.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';

/** Asks the journal from time to time what other instances wrote: what their news do not reach is found so. */
export interface StatePoll {
  start(): void;
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>;
}

/** Makes the poll. A failure is logged; the next one looks further back. */
export function createStatePoll({
  states,
  intervalMs,
  log,
}: {
  readonly states: Pick<CampaignStateManager, 'poll'>;
  readonly intervalMs: number;
  readonly log: Pick<Logger, 'warn'>;
}): StatePoll {
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> = Promise.resolve();
  let isStopped = false;

  const schedule = (): void => {
    if (isStopped) return;
    timer = setTimeout(() => {
      polling = states
        .poll()
        .catch((error: unknown) => log.warn('state.notPolled', { error }))
        .then(schedule);
    }, intervalMs).unref();
  };

  return {
    start: schedule,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await polling;
    },
  };
}
