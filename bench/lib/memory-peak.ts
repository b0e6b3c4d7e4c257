import { readFileSync } from 'node:fs';
import { type MemoryPeak } from './protocol.ts';

const EVERY_MS = 20;

function readAnonymousBytes(): number | undefined {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Looks at the memory of this process from now on. Gives what tells, and forgets, the peak. */
export function watchMemory(): () => MemoryPeak {
  let heapUsedBytes = 0;
  let anonymousBytes: number | undefined;
  const look = (): void => {
    heapUsedBytes = Math.max(heapUsedBytes, process.memoryUsage().heapUsed);
    const now = readAnonymousBytes();
    if (now !== undefined) anonymousBytes = Math.max(anonymousBytes ?? 0, now);
  };
  setInterval(look, EVERY_MS).unref();
  return () => {
    look();
    const peak = { heapUsedBytes, anonymousBytes };
    heapUsedBytes = 0;
    anonymousBytes = undefined;
    return peak;
  };
}
