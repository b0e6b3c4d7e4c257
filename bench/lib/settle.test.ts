import { describe, expect, it } from '@jest/globals';
import { type DeliveryTally, type Usage } from './protocol.ts';
import { settle } from './settle.ts';

const createServer = (tallies: readonly DeliveryTally[]) => {
  const left = [...tallies];
  return {
    left,
    usage: async (): Promise<Usage> => {
      const [tally] = left.length > 1 ? left.splice(0, 1) : left;
      return { type: 'usage', cpuMicros: 0, rssBytes: 0, heapBytes: 0, ...(tally && { tally }) };
    },
  };
};
const tallyOf = (recorded: number, delivered: number): DeliveryTally => ({
  recorded,
  delivered: { fastlyPurge: delivered },
  failed: 0,
});

describe('waiting for deliveries', () => {
  it('goes on until all is delivered, and stays so for one look', async () => {
    // What was written last is recorded only after the first look that finds nothing.
    const server = createServer([tallyOf(2, 1), tallyOf(2, 2), tallyOf(3, 2), tallyOf(3, 3), tallyOf(3, 3)]);
    expect((await settle(server)).tally).toEqual(tallyOf(3, 3));
    expect(server.left).toHaveLength(1);
  });

  it('counts what was there before', async () => {
    const server = createServer([tallyOf(0, 0), tallyOf(0, 5), tallyOf(0, 5)]);
    expect((await settle(server, 5)).tally).toEqual(tallyOf(0, 5));
  });

  it('refuses a server that delivers nothing', async () => {
    await expect(settle(createServer([]))).rejects.toThrow('does not say');
  });
});
