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
    refused.length = 0;
    const writes = create();
    const pending = writes.add(createWrite('a'));
    expect(writes.find('a')).toBe(pending);
    writes.settle(pending, acknowledgement);
    writes.settle(pending, new Error('too late'));
    await expect(pending.answer).resolves.toBe(acknowledgement);
    expect(writes.find('a')).toBeUndefined();
    expect(refused).toEqual([]);
    expect([writes.size, writes.list().length, writes.size]).toEqual([1, 0, 0]);
    // What comes again under its id is another one.
    const again = writes.add(createWrite('a'));
    writes.settle(pending, acknowledgement);
    expect(writes.find('a')).toBe(again);
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
    expect(writes.listHeld()).toEqual([]);
    writes.take(1);
    expect(writes.size).toBe(2);
    expect(writes.list()).toEqual([young]);
  });

  it('are all refused when nothing of them is under way', async () => {
    const writes = create();
    const answers = ['a', 'b', 'c'].map(eventId => writes.add(createWrite(eventId)).answer);
    writes.refuseAll(new ServiceUnavailableError('database'));
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    expect([writes.size, writes.find('b')]).toEqual([0, undefined]);
  });

  it('are too many only when the first of them has waited, or when there are very many', () => {
    nowMs = 0;
    const writes = create();
    for (let at = 0; at < 511; at++) writes.add(createWrite(`${at}`));
    nowMs = 51;
    expect(writes.isFull).toBe(false);
    writes.add(createWrite('511'));
    expect(writes.isFull).toBe(true);
    nowMs = 0;
    for (let at = 512; at < 4096; at++) writes.add(createWrite(`${at}`));
    expect(writes.isFull).toBe(true);
  });

  it('are too many sooner where they were too many lately, and not for long after that', () => {
    nowMs = 0;
    const writes = create();
    for (let at = 0; at < 512; at++) writes.add(createWrite(`${at}`));
    nowMs = 51;
    expect(writes.isFull).toBe(true);
    writes.take(256);
    expect([writes.size, writes.isFull]).toEqual([256, true]);
    nowMs = 1_051;
    expect(writes.isFull).toBe(true);
    nowMs = 2_052;
    expect(writes.isFull).toBe(false);
    writes.take(1);
    expect(writes.isFull).toBe(false);
  });
});
