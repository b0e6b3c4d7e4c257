import { type LogData, type Logger } from './log.ts';

const INTERVAL_MS = 1_000;

type Severity = 'warn' | 'error';
type Say = (data?: LogData, correlation?: string) => void;

/** What was said in the current interval under one message. */
interface Said {
  /** Says the last of what was kept back; undefined when nothing was. */
  sayLast: (() => void) | undefined;
  keptBack: number;
}

/**
 * Gives a log that a flood cannot fill: warnings and errors of one message are written at most twice in an interval, the
 * first at once and, of those that follow, the last when it is over, with how many were `keptBack` for it.
 */
export function limitLog(log: Logger, { intervalMs = INTERVAL_MS }: { readonly intervalMs?: number } = {}): Logger {
  return createLimited(log, new Map<string, Said>(), intervalMs);
}

function createLimited(log: Logger, saidBy: Map<string, Said>, intervalMs: number): Logger {
  const say = (severity: Severity, message: string, sayIt: Say, data?: LogData, correlation?: string): void => {
    const key = `${severity} ${message}`;
    const said = saidBy.get(key);
    if (said !== undefined) {
      if (said.sayLast !== undefined) said.keptBack += 1;
      said.sayLast = () => sayIt(said.keptBack > 0 ? { ...data, keptBack: said.keptBack } : data, correlation);
      return;
    }
    const first: Said = { sayLast: undefined, keptBack: 0 };
    saidBy.set(key, first);
    setTimeout(() => {
      saidBy.delete(key);
      first.sayLast?.();
    }, intervalMs).unref();
    sayIt(data, correlation);
  };

  return {
    warn: (message, data, correlation) =>
      say('warn', message, (...rest) => log.warn(message, ...rest), data, correlation),
    error: (message, data, correlation) =>
      say('error', message, (...rest) => log.error(message, ...rest), data, correlation),
    info: (message, data, correlation) => log.info(message, data, correlation),
    debug: (message, data, correlation) => log.debug(message, data, correlation),
    withCorrelation: correlation => createLimited(log.withCorrelation(correlation), saidBy, intervalMs),
  };
}
