import { type Logger } from './log.ts';

/** The phases of a stop, in order. */
export const shutdownPhases = [
  'notReady',
  'stopAccepting',
  'closeSockets',
  'drainRequests',
  'drainWork',
  'closeClients',
  'flushLogs',
] as const;
export type ShutdownPhase = (typeof shutdownPhases)[number];

/** The share of the whole time at which a phase is over at the latest, so that what hangs leaves time for the rest. */
const latestEnds: Readonly<Record<ShutdownPhase, number>> = {
  notReady: 0.7,
  stopAccepting: 0.7,
  closeSockets: 0.7,
  drainRequests: 0.7,
  drainWork: 0.8,
  closeClients: 0.95,
  flushLogs: 1,
};

/** Does its part of a stop, in the milliseconds that it is given. */
type ShutdownHandler = (leftMs: number) => unknown;

export interface Shutdown {
  /** Registers what is to be done in a phase; what shares a phase runs at once. */
  add(phase: ShutdownPhase, name: string, handler: ShutdownHandler): void;
  /**
   * Runs all phases, once; later calls join the first. Without a reason it says nothing of its beginning. Gives the exit
   * code: 0, or 1 when something failed or took too long.
   */
  run(reason?: string): Promise<number>;
}

interface Handler {
  readonly phase: ShutdownPhase;
  readonly name: string;
  readonly handler: ShutdownHandler;
}

/** Makes the ordered stop of a process. One handler that fails or hangs stops no other, nor takes its time; all of it ends within `timeoutMs`. */
export function createShutdown({ log, timeoutMs }: { readonly log: Logger; readonly timeoutMs: number }): Shutdown {
  const handlers: Handler[] = [];
  const state: { running: Promise<number> | undefined } = { running: undefined };

  /** Whether a handler ended well before the deadline. */
  const runOne = async ({ phase, name, handler }: Handler, deadline: number): Promise<boolean> => {
    const leftMs = Math.max(0, deadline - performance.now());
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('took too long')), leftMs);
    });
    try {
      await Promise.race([(async () => handler(leftMs))(), timeout]);
      return true;
    } catch (error) {
      log.error('shutdown.failed', { phase, name, error });
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  const runAll = async (reason: string | undefined): Promise<number> => {
    if (reason !== undefined) log.info('shutdown.began', { reason });
    const begunAt = performance.now();
    let isClean = true;
    for (const phase of shutdownPhases) {
      const deadline = begunAt + timeoutMs * latestEnds[phase];
      const results = await Promise.all(handlers.filter(one => one.phase === phase).map(one => runOne(one, deadline)));
      isClean &&= results.every(Boolean);
    }
    return isClean ? 0 : 1;
  };

  return {
    add: (phase, name, handler) => void handlers.push({ phase, name, handler }),
    run: reason => (state.running ??= runAll(reason)),
  };
}
