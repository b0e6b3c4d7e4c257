import { readCpuTimes } from './machine.ts';

/** How much else went on while slices were measured, in cores. */
export interface Noise {
  readonly foreignCores: number;
  readonly stolenCores: number;
}

/** Watches what the machine does besides the benchmark, during the slices alone. */
export interface NoiseMeter {
  /** Carries the work out; it gives back the CPU time of the servers that it loaded, and ends the load generator. */
  during<T extends { readonly ownCpuMicros: number }>(work: () => Promise<T>): Promise<T>;
  /** Undefined when nothing could be measured. */
  read(): Noise | undefined;
}

/** Starts with nothing measured. */
export function createNoiseMeter(): NoiseMeter {
  const total = { seconds: 0, foreign: 0, stolen: 0 };
  return {
    during: async work => {
      const before = readCpuTimes();
      const own = process.cpuUsage();
      const started = performance.now();
      const result = await work();
      const { user, system } = process.cpuUsage(own);
      const after = readCpuTimes();
      if (before !== undefined && after !== undefined) {
        const generator = after.endedChildrenSeconds - before.endedChildrenSeconds;
        const busy = after.busySeconds - before.busySeconds;
        total.seconds += (performance.now() - started) / 1_000;
        total.foreign += busy - generator - (user + system + result.ownCpuMicros) / 1e6;
        total.stolen += after.stolenSeconds - before.stolenSeconds;
      }
      return result;
    },
    read: () =>
      total.seconds === 0
        ? undefined
        : { foreignCores: Math.max(0, total.foreign / total.seconds), stolenCores: total.stolen / total.seconds },
  };
}
