import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Where and when a benchmark ran. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

/** Describes this machine, now. */
export const describeMachine = (): Machine => ({
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
});

/** CPU time since the machine started, in seconds over all cores, as Linux counts it (to 10 ms). */
export interface CpuTimes {
  /** Spent by any process. */
  readonly busySeconds: number;
  /** Taken by other guests of the same host. */
  readonly stolenSeconds: number;
  /** Spent by those child processes of this one that have ended. */
  readonly endedChildrenSeconds: number;
}

const ticksPerSecond = 100;

/** Reads the CPU times of the machine; undefined where there is no /proc. */
export function readCpuTimes(): CpuTimes | undefined {
  try {
    const all = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = all;
    // Behind the name, which is in brackets and may hold spaces; fields 16 and 17 of proc(5), which counts from 1.
    const own = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    return {
      busySeconds: (user + nice + system + irq + softirq) / ticksPerSecond,
      stolenSeconds: steal / ticksPerSecond,
      endedChildrenSeconds: ((own[13] ?? 0) + (own[14] ?? 0)) / ticksPerSecond,
    };
  } catch {
    return undefined;
  }
}
