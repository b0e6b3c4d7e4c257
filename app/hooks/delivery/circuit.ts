import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
} from 'cockatiel';

export type CircuitName = 'closed' | 'halfOpen' | 'open';

/** Keeps away from a target that fails, and tries it again now and then. */
export interface Circuit {
  readonly state: CircuitName;
  /** Does the work; gives undefined when the circuit is open and nothing was done. Throws what the work throws. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
}

export interface CircuitOptions {
  /** How many failures in a row open it. */
  readonly failures: number;
  /** How long it stays open at first; it doubles with each attempt in vain … */
  readonly openMs: number;
  /** … up to this. */
  readonly maxOpenMs: number;
  readonly onChange?: (state: CircuitName) => void;
}

const names: Readonly<Record<CircuitState, CircuitName>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'halfOpen',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

/** Gives the circuit of a target, closed. */
export function createCircuit({ failures, openMs, maxOpenMs, onChange }: CircuitOptions): Circuit {
  const policy = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(failures),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: openMs, maxDelay: maxOpenMs }),
  });
  policy.onStateChange(state => onChange?.(names[state]));
  return {
    get state() {
      return names[policy.state];
    },
    async run(work) {
      let isBegun = false;
      try {
        return await policy.execute(() => {
          isBegun = true;
          return work();
        });
      } catch (error) {
        // The work may meet another circuit that is open: that is its failure.
        if (error instanceof BrokenCircuitError && !isBegun) return undefined;
        throw error;
      }
    },
  };
}
