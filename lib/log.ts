import { pino, type DestinationStream } from 'pino';
import { createIsoClock } from './iso-clock.ts';
import { createLineBuffer } from './line-buffer.ts';
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
  /** In production lines are written in batches, errors at once, others within a second; elsewhere each at once. */
  readonly environment: string;
  /** Where the lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

const STDOUT = 1;
const SEVERITIES = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 };

/**
 * The log of a process: one Logstash JSON line per call (`@timestamp, level, message, path, correlation, data`).
 * `flush` resolves when everything is written; it is called last, at shutdown.
 */
export function createLog({ level, environment, destination }: LogOptions): { Log: Log; flush: () => Promise<void> } {
  const { write: writeLine, flush } =
    environment === 'production' ? createBufferedStream(destination) : createDirectStream(destination);
  const selectIsoTime = createIsoClock();
  const threshold = SEVERITIES[level];
  const write: WriteLine = (severity, path, message, data, correlation) => {
    // Redaction is work: it is done for lines that are written.
    if (SEVERITIES[severity] < threshold) return;
    const line = {
      '@timestamp': selectIsoTime(),
      level: severity,
      message,
      path,
      correlation,
      data: data && redact(data),
    };
    writeLine(`${JSON.stringify(line)}\n`, severity);
  };
  return { Log: path => new LineLogger(write, path, undefined), flush };
}

type WriteLine = (
  level: LogLevel,
  path: string,
  message: string,
  data: LogData | undefined,
  correlation: string | undefined,
) => void;

interface Sink {
  readonly write: (line: string, severity: LogLevel) => void;
  readonly flush: () => Promise<void>;
}

function createDirectStream(destination: DestinationStream = pino.destination({ dest: STDOUT, sync: true })): Sink {
  return { write: line => void destination.write(line), flush: () => Promise.resolve() };
}

function createBufferedStream(destination: DestinationStream | undefined): Sink {
  // SonicBoom says when it has written only with a minimal length, and any will do.
  const target = destination ?? pino.destination({ dest: STDOUT, sync: false, minLength: 1 });
  const buffer = createLineBuffer(target);
  return {
    write(line, severity) {
      buffer.write(line);
      // What went wrong last may be the last that this process says.
      if (severity === 'error') buffer.flush();
    },
    async flush() {
      buffer.flush();
      await flushTarget(target);
    },
  };
}

/** A log that writes nothing, for programs and tests that do not care. */
export const silentLog: Log = () => silentLogger;

class LineLogger implements Logger {
  readonly #write: WriteLine;
  readonly #path: string;
  readonly #correlation: string | undefined;

  constructor(write: WriteLine, path: string, correlation: string | undefined) {
    this.#write = write;
    this.#path = path;
    this.#correlation = correlation;
  }

  error(message: string, data?: LogData, correlation = this.#correlation): void {
    this.#write('error', this.#path, message, data, correlation);
  }

  warn(message: string, data?: LogData, correlation = this.#correlation): void {
    this.#write('warn', this.#path, message, data, correlation);
  }

  info(message: string, data?: LogData, correlation = this.#correlation): void {
    this.#write('info', this.#path, message, data, correlation);
  }

  debug(message: string, data?: LogData, correlation = this.#correlation): void {
    this.#write('debug', this.#path, message, data, correlation);
  }

  withCorrelation(correlation: string): Logger {
    return new LineLogger(this.#write, this.#path, correlation);
  }
}

const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  withCorrelation: () => silentLogger,
};

function flushTarget(target: DestinationStream): Promise<void> {
  const { flush } = target as { flush?: (done: (error?: Error) => void) => void };
  if (flush === undefined) return Promise.resolve();
  // A log that cannot be written has nobody left to tell.
  return new Promise(resolve => flush.call(target, () => resolve()));
}
