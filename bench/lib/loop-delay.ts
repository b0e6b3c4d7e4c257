import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type LoopDelay } from './protocol.ts';

const RESOLUTION_MS = 1;

/** Looks at the event loop of this process from now on. Gives what tells, and forgets, how long it was held. */
export function watchLoop(): () => LoopDelay {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => {
    // What is recorded is the time between two looks.
    const inMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const told = { maxMs: inMs(delays.max), p99Ms: inMs(delays.percentile(99)) };
    delays.reset();
    return told;
  };
}
