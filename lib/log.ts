import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { createIsoClock } from './iso-clock.ts';
import { redact } from './redact.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** What is told beside the message; redacted before it is written. */
export type LogData = Readonly<Record<string, unknown>>;

/**
 * The log of one module. Levels: error = someone must act; warn = it recovered or is degraded; info = a change of the
 * service or of its life; debug = routine traffic and a client's bad input. Payloads are never logged.
 */
export interface Logger {
  error(message: string, data?: LogData, correlation?: string): void;
  warn(message: string, data?: LogData, correlation?: string): void;
  info(message: string, data?: LogData, correlation?: string): void;
  debug(message: string, data?: LogData, correlation?: string): void;
  /** The same log with a correlation id on each line. Costs one small object. */
  withCorrelation(correlation: string): Logger;
}

/** Gives the log of a module by its path: `const log = Log('app/managers/campaigns')`. */
export type Log = (path: string) => Logger;

export interface LogOptions {
  readonly level: LogLevel | 'silent';
  /** In production lines are buffered and written at least once a second, elsewhere each at once. */
  readonly environment: string;
  /** Where the lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

const BUFFER_BYTES = 8 * 1024;
const FLUSH_INTERVAL_MS = 1000;

/**
 * The log of a process: one Logstash JSON line per call (`@timestamp, level, message, path, correlation, data`).
 * `flush` resolves when everything is written; it is called last, at shutdown.
 */
export function createLog({ level, environment, destination }: LogOptions): { Log: Log; flush: () => Promise<void> } {
  const isBuffered = environment === 'production';
  const stream =
    destination ?? pino.destination({ dest: 1, sync: !isBuffered, minLength: isBuffered ? BUFFER_BYTES : 0 });
  const selectIsoTime = createIsoClock();
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${selectIsoTime()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    stream,
  );
  const flush = () => flushStream(stream);
  // Few lines at night must not wait for the buffer to fill.
  if (isBuffered && destination === undefined) setInterval(() => void flush(), FLUSH_INTERVAL_MS).unref();
  return { Log: path => new LineLogger(sink, path, undefined), flush };
}

/** A log that writes nothing, for programs and tests that do not care. */
export const silentLog: Log = () => silentLogger;

class LineLogger implements Logger {
  readonly #sink: PinoLogger;
  readonly #path: string;
  readonly #correlation: string | undefined;

  constructor(sink: PinoLogger, path: string, correlation: string | undefined) {
    this.#sink = sink;
    this.#path = path;
    this.#correlation = correlation;
  }

  error(message: string, data?: LogData, correlation?: string): void {
    this.#write('error', message, data, correlation);
  }

  warn(message: string, data?: LogData, correlation?: string): void {
    this.#write('warn', message, data, correlation);
  }

  info(message: string, data?: LogData, correlation?: string): void {
    this.#write('info', message, data, correlation);
  }

  debug(message: string, data?: LogData, correlation?: string): void {
    this.#write('debug', message, data, correlation);
  }

  withCorrelation(correlation: string): Logger {
    return new LineLogger(this.#sink, this.#path, correlation);
  }

  #write(level: LogLevel, message: string, data: LogData | undefined, correlation = this.#correlation): void {
    // Redaction is work: it is done for lines that are written.
    if (!this.#sink.isLevelEnabled(level)) return;
    this.#sink[level]({ path: this.#path, correlation, data: data && redact(data) }, message);
  }
}

const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  withCorrelation: () => silentLogger,
};

function flushStream(stream: DestinationStream): Promise<void> {
  const { flush } = stream as { flush?: (done: (error?: Error) => void) => void };
  if (flush === undefined) return Promise.resolve();
  // A log that cannot be written has nobody left to tell.
  return new Promise(resolve => flush.call(stream, () => resolve()));
}
