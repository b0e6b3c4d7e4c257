/** Whatever takes text, one or more whole lines at a time. */
export interface LineTarget {
  write(lines: string): unknown;
}

export interface LineBufferOptions {
  /** Lines are handed on when they are longer than this together, in characters. */
  readonly limit?: number;
  /** How long a line may wait, in milliseconds. */
  readonly intervalMs?: number;
}

export interface LineBuffer extends LineTarget {
  write(line: string): void;
  /** Hands on what waits. */
  flush(): void;
}

const LIMIT = 32 * 1024;
const INTERVAL_MS = 1000;

/**
 * Collects lines and hands them on in batches. SonicBoom has a `minLength` of its own, but measures all that it holds
 * at each write, which is four times the cost of this.
 */
export function createLineBuffer(
  target: LineTarget,
  { limit = LIMIT, intervalMs = INTERVAL_MS }: LineBufferOptions = {},
): LineBuffer {
  let waiting = '';
  const flush = (): void => {
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    target.write(lines);
  };
  setInterval(flush, intervalMs).unref();
  return {
    write(line) {
      waiting += line;
      if (waiting.length >= limit) flush();
    },
    flush,
  };
}
