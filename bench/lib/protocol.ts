/** What a request is drawn from, at random: the numbers `stride`, 2 × `stride`, … `count` × `stride`. */
export interface Pick {
  readonly count: number;
  readonly stride: number;
}

/**
 * The load that a server asks for: one request repeated or, with `pick`, requests for campaigns drawn at random. Then
 * `@number@` in the path stands for the number drawn, `@id@` for its id, and `@nonce@` in the body for something new.
 */
export interface Target {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that the request must be answered with. */
  readonly status: number;
  /** How many rows the answer must have under `data`, where it is a list. */
  readonly rows?: number;
  /** GET when left out. */
  readonly method?: 'PATCH' | 'POST';
  readonly body?: string;
  readonly pick?: Pick;
}

/** What a server process says once it listens. */
export interface Ready {
  readonly type: 'ready';
  readonly port: number;
  readonly targets: Readonly<Record<string, Target>>;
  /** What a service must be told to use this server. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The highest that was seen since the question before; only of servers that look. */
export interface MemoryPeak {
  readonly heapUsedBytes: number;
  /** Memory of the process's own: what it maps of files is left out. Undefined where the system does not tell. */
  readonly anonymousBytes: number | undefined;
}

/** What became of the changes of a service since its process started. */
export interface DeliveryTally {
  /** How many changes it recorded. */
  readonly recorded: number;
  /** How many it delivered, by effect; the effects of an update alone, those that are switched off left out. */
  readonly delivered: Readonly<Record<string, number>>;
  /** How many attempts were in vain. */
  readonly failed: number;
}

/** How long the event loop did not come round since the question before, whatever held it; only of servers that look. */
export interface LoopDelay {
  readonly maxMs: number;
  readonly p99Ms: number;
  /** The longest without what the process waited for a processor meanwhile: what its own work took. */
  readonly ownMaxMs: number;
}

/** What a server process has used since it started. */
export interface Usage {
  readonly type: 'usage';
  /** User and system time of the whole process, all threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** What the process's objects take, buffers among them. */
  readonly heapBytes: number;
  readonly peak?: MemoryPeak;
  readonly tally?: DeliveryTally;
  readonly loop?: LoopDelay;
}

/** What a server process says to the benchmark. */
export type ServerMessage = Ready | Usage;

/** What the benchmark says to a server: a question for its `Usage`, to begin with what it is there for, or to collect. */
export interface BenchMessage {
  readonly type: 'usage' | 'begin' | 'collect';
}
