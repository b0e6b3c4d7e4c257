import { expect, it } from '@jest/globals';
import { runSlowReaders } from './slow-readers.ts';

it('subscribers who do not read cost little, delay nobody, and have it all when they read again', async () => {
  const { faults, coalesced, grownBytes, sentBytes } = await runSlowReaders({ slow: 12, readers: 40, updates: 80 });
  expect(faults).toEqual([]);
  expect(coalesced).toBeGreaterThanOrEqual(12);
  // What was sent to them meanwhile is not kept, not even once for all.
  expect(grownBytes).toBeLessThan(sentBytes / 2);
}, 300_000);
