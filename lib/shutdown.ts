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

export interface Shutdown {
  /** Registers what is to be done in a phase; what shares a phase runs at once. */
  add(phase: ShutdownPhase, name: string, handler: () => unknown): void;
  /** Runs all phases, once; later calls join the first. Gives the exit code: 0, or 1 when something failed or took too long. */
  run(reason: string): Promise<number>;
}

interface Handler {
  readonly phase: ShutdownPhase;
  readonly name: string;
  readonly handler: () => unknown;
}

/** Makes the ordered stop of a process. One handler that fails or hangs stops no other; all of it ends within `timeoutMs`. */
export function createShutdown({ log, timeoutMs }: { readonly log: Logger; readonly timeoutMs: number }): Shutdown {
  const handlers: Handler[] = [];
  const state: { running: Promise<number> | undefined } = { running: undefined };

  /** Whether a handler ended well before the deadline. */
  const runOne = async ({ phase, name, handler }: Handler, deadline: number): Promise<boolean> => {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('took too long')), Math.max(0, deadline - performance.now()));
    });
    try {
      await Promise.race([(async () => handler())(), timeout]);
      return true;
    } catch (error) {
      log.error('shutdown.failed', { phase, name, error });
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  const runAll = async (reason: string): Promise<number> => {
    log.info('shutdown.began', { reason });
    const deadline = performance.now() + timeoutMs;
    let isClean = true;
    for (const phase of shutdownPhases) {
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
