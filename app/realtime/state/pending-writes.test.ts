import { describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError, TimeoutError } from '../../../lib/errors.ts';
import { type StateWrite } from './commit-plan.ts';
import { type Acknowledgement, createPendingWrites } from './pending-writes.ts';

const createWrite = (eventId: string): StateWrite => ({
  eventId,
  bodyHash: '',
  cause: 'update',
  by: 'user',
  selectPatch: () => ({}),
});
const acknowledgement: Acknowledgement = { version: 2, changeId: 'c', at: new Date(0), outcome: 'committed' };

describe('the writes that wait for a campaign', () => {
  let nowMs = 0;
  const refused: string[] = [];
  const create = () => createPendingWrites({ now: () => nowMs, onRefused: type => refused.push(type) });

  it('are answered once', async () => {
    const writes = create();
    const pending = writes.add(createWrite('a'));
    expect(writes.find('a')).toBe(pending);
    writes.settle(pending, acknowledgement);
    writes.settle(pending, new Error('too late'));
    await expect(pending.answer).resolves.toBe(acknowledgement);
    expect(writes.find('a')).toBeUndefined();
    expect([writes.size, writes.list().length, writes.size]).toEqual([1, 0, 0]);
  });

  it('that wait too long are given up: what is being written is undecided, the rest is not written', async () => {
    nowMs = 0;
    refused.length = 0;
    const writes = create();
    const [held, old] = [writes.add(createWrite('a')), writes.add(createWrite('b'))];
    nowMs = 60;
    const young = writes.add(createWrite('c'));
    writes.hold(1);
    nowMs = 100;
    writes.giveUp(50);
    await expect(held.answer).rejects.toBeInstanceOf(TimeoutError);
    await expect(old.answer).rejects.toBeInstanceOf(ServiceUnavailableError);
    expect(refused).toEqual(['TIMEOUT', 'SERVICE_UNAVAILABLE']);
    // What is held is still at its place, answered or not, until it is taken.
    expect(writes.listHeld()).toEqual([held]);
    writes.putBack();
    writes.take(1);
    expect(writes.list()).toEqual([young]);
  });

  it('are too many only when the first of them has waited, or when there are very many', () => {
    nowMs = 0;
    const writes = create();
    for (let at = 0; at < 512; at++) writes.add(createWrite(`${at}`));
    expect(writes.isFull).toBe(false);
    nowMs = 101;
    expect(writes.isFull).toBe(true);
    nowMs = 0;
    for (let at = 512; at < 4096; at++) writes.add(createWrite(`${at}`));
    expect(writes.isFull).toBe(true);
  });
});
