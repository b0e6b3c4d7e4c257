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
}

/** The highest that was seen since the question before; only of servers that look. */
export interface MemoryPeak {
  readonly heapUsedBytes: number;
  /** Memory of the process's own: what it maps of files is left out. Undefined where the system does not tell. */
  readonly anonymousBytes: number | undefined;
}

/** What a server process has used since it started. */
export interface Usage {
  readonly type: 'usage';
  /** User and system time of the whole process, all threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly peak?: MemoryPeak;
}

/** What a server process says to the benchmark. The benchmark sends one message only, `usage`, which asks for a `Usage`. */
export type ServerMessage = Ready | Usage;
