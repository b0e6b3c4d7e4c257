/** Where a process is in its life. */
export type LifeState = 'starting' | 'ready' | 'draining';

export interface DependencyHealth {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
}

/** The answer of a readiness check. */
export interface Readiness {
  readonly ready: boolean;
  readonly state: LifeState;
  readonly dependencies: readonly DependencyHealth[];
}

export interface Health {
  /** Whether this process takes requests, and which of its dependencies answer. */
  check(): Promise<Readiness>;
  setState(state: LifeState): void;
}

/** How long a dependency may take to answer before it counts as down. */
const CHECK_TIMEOUT_MS = 1_000;

async function checkOne(name: string, check: () => Promise<unknown>): Promise<DependencyHealth> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), CHECK_TIMEOUT_MS);
  });
  const ok = await Promise.race([check(), timeout]).then(
    () => true,
    () => false,
  );
  clearTimeout(timer);
  return { name, ok, durationMs: Math.round(performance.now() - startedAt) };
}

/**
 * Makes the health of a process, which begins as `starting`.
 *
 * @param dependencies by name, what rejects when the dependency is down
 */
export function createHealth(dependencies: Readonly<Record<string, () => Promise<unknown>>>): Health {
  let state: LifeState = 'starting';
  return {
    async check() {
      const checked = await Promise.all(Object.entries(dependencies).map(([name, check]) => checkOne(name, check)));
      return { ready: state === 'ready' && checked.every(({ ok }) => ok), state, dependencies: checked };
    },
    setState(next) {
      state = next;
    },
  };
}
