import { type Logger } from '../../lib/log.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';

/** Asks the journal from time to time what other instances wrote: what their news do not reach is found so. */
export interface StatePoll {
  start(): void;
  /** Asks at once: news may have been lost. */
  hurry(): void;
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>;
}

/** Makes the poll. A failure is logged; the next one looks further back. */
export function createStatePoll({
  states,
  selectIntervalMs,
  log,
}: {
  readonly states: Pick<CampaignStateManager, 'poll'>;
  /** Says after how long it is asked again. */
  readonly selectIntervalMs: () => number;
  readonly log: Pick<Logger, 'warn'>;
}): StatePoll {
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;
  let isHurried = false;
  let isRunning = false;

  const poll = async (): Promise<void> => {
    do {
      isHurried = false;
      await states.poll().catch((error: unknown) => log.warn('state.notPolled', { error }));
    } while (isHurried && isRunning);
    polling = undefined;
    schedule();
  };

  const begin = (): void => {
    polling = poll();
  };

  function schedule(): void {
    if (isRunning) timer = setTimeout(begin, selectIntervalMs()).unref();
  }

  return {
    start() {
      isRunning = true;
      schedule();
    },
    hurry() {
      isHurried = true;
      if (!isRunning || polling !== undefined) return;
      clearTimeout(timer);
      begin();
    },
    async stop() {
      isRunning = false;
      clearTimeout(timer);
      await polling;
    },
  };
}
