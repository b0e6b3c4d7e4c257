/** The load that a server asks for: one request repeated, or the requests of a Lua script. */
export interface Target {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that the request must be answered with. */
  readonly status: number;
  /** Updates of random campaigns in place of the one request. */
  readonly update?: { readonly method: 'PATCH' | 'POST'; readonly body: string; readonly count: number };
}

/** What a server process says once it listens. */
export interface Ready {
  readonly type: 'ready';
  readonly port: number;
  readonly targets: Readonly<Record<string, Target>>;
}

/** What a server process has used since it started. */
export interface Usage {
  readonly type: 'usage';
  /** User and system time of the whole process, all threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** What a server process says to the benchmark. The benchmark sends one message only, `usage`, which asks for a `Usage`. */
export type ServerMessage = Ready | Usage;
