import { runAcks } from './acks.ts';
import { runFanOut } from './fan-out.ts';
import { type Section } from './figures.ts';
import { runGrowth } from './growth.ts';
import { runIdle } from './idle.ts';
import { runInstances } from './instances.ts';
import { runLatency } from './latency.ts';
import { type BenchContext } from './measure.ts';
import { runSlowReaders } from './slow-readers.ts';

/** What is measured, in order. */
export const suites: Readonly<Record<string, (context: BenchContext) => Promise<Section>>> = {
  acks: runAcks,
  fanout: runFanOut,
  latency: runLatency,
  slow: runSlowReaders,
  idle: runIdle,
  growth: runGrowth,
  instances: runInstances,
};
