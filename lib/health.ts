/** Where a process is in its life. */
export type LifeState = 'starting' | 'ready' | 'draining';

export interface DependencyHealth {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** True for what the process can do without: it is ready all the same while this is down. */
  readonly optional?: true;
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
  /** Sets where the process is in its life, and gives where it was. */
  setState(state: LifeState): LifeState;
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

function checkAll(checks: Readonly<Record<string, () => Promise<unknown>>>): Promise<DependencyHealth[]> {
  return Promise.all(Object.entries(checks).map(([name, check]) => checkOne(name, check)));
}

/**
 * Makes the health of a process, which begins as `starting`.
 *
 * @param dependencies by name, what rejects when the dependency is down
 * @param optional the same for what the process can do without
 */
export function createHealth(
  dependencies: Readonly<Record<string, () => Promise<unknown>>>,
  optional: Readonly<Record<string, () => Promise<unknown>>> = {},
): Health {
  let state: LifeState = 'starting';
  return {
    async check() {
      const [needed, useful] = await Promise.all([checkAll(dependencies), checkAll(optional)]);
      return {
        ready: state === 'ready' && needed.every(({ ok }) => ok),
        state,
        dependencies: [...needed, ...useful.map(one => ({ ...one, optional: true }) as const)],
      };
    },
    setState(next) {
      const previous = state;
      state = next;
      return previous;
    },
  };
}
