import { openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type LoopDelay } from './protocol.ts';

const RESOLUTION_MS = 1;
/** How often it is looked how long the loop was held without what it waited for a processor; each look costs 3 µs or so. */
const LOOK_MS = 2;

/** Looks at the event loop of this process from now on. Gives what tells, and forgets, how long it was held. */
export function watchLoop(): () => LoopDelay {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const readWaited = openWaitingTime();
  let ownMaxMs = 0;
  let lookedAt = performance.now();
  let waitedMs = readWaited();
  const look = (): void => {
    const [now, waited] = [performance.now(), readWaited()];
    ownMaxMs = Math.max(ownMaxMs, now - lookedAt - LOOK_MS - (waited - waitedMs));
    [lookedAt, waitedMs] = [now, waited];
  };
  setInterval(look, LOOK_MS).unref();
  return () => {
    // What is recorded is the time between two looks.
    const inMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    look();
    const told = { maxMs: inMs(delays.max), p99Ms: inMs(delays.percentile(99)), ownMaxMs };
    delays.reset();
    ownMaxMs = 0;
    return told;
  };
}

/**
 * Gives what reads how long the main thread has waited for a processor since it began, in milliseconds: ready to run
 * while others ran. Linux counts it; elsewhere it is 0.
 */
function openWaitingTime(): () => number {
  const buffer = Buffer.alloc(128);
  let file: number;
  try {
    file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return () => 0;
  }
  return () => Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0)).split(' ')[1]) / 1e6;
}
