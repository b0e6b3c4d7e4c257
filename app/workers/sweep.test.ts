import { describe, expect, it } from '@jest/globals';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { type ChangeSource } from '../datastore/changes.ts';
import { pendingChangeIndex, type VersionedDocument } from '../datastore/versioned.ts';
import { createSweep, type SweepDependencies } from './sweep.ts';

const now = Date.UTC(2026, 0, 1);

async function setUp(ages: readonly number[], options: Partial<SweepDependencies> = {}) {
  const things = createMemoryCollection<VersionedDocument>({ name: 'things', ids: [], indexes: [pendingChangeIndex] });
  for (const [index, age] of ages.entries()) {
    const change = {
      id: `change-${index}`,
      version: 1,
      cause: 'event.updated',
      effects: [],
      by: 'u',
      correlation: 'c',
    } as const;
    const pendingChange = { ...change, at: new Date(now - age), diff: { before: {}, after: {} } };
    await things.insertOne({ _id: `thing-${index}`, version: 1, pendingChange });
  }
  await things.insertOne({ _id: 'quiet', version: 7 });
  const enqueued: string[] = [];
  const enqueue = ({ documentId }: ChangeSource): void => void enqueued.push(documentId);
  const warned: string[] = [];
  const sweep = createSweep({
    collections: new Map([['things', things]]),
    outbox: { enqueue, ensureRecorded: async () => undefined },
    clock: () => new Date(now),
    log: { warn: message => void warned.push(message) },
    intervalMs: 1,
    minAgeMs: 100,
    ...options,
  });
  return { things, sweep, enqueued, warned };
}

describe('the sweep', () => {
  it('hands changes that were left over to the dispatcher, the oldest first, and leaves young ones alone', async () => {
    const { sweep, enqueued } = await setUp([100, 99, 5000, 0, 700]);
    expect(await sweep.run()).toBe(3);
    expect(enqueued).toEqual(['thing-2', 'thing-4', 'thing-0']);
  });

  it('goes through all of a backlog, page by page', async () => {
    const { sweep, enqueued } = await setUp([500, 400, 300, 200, 100], { pageSize: 2 });
    expect(await sweep.run()).toBe(5);
    expect(enqueued).toEqual(['thing-0', 'thing-1', 'thing-2', 'thing-3', 'thing-4']);
  });

  it('goes on past a change that cannot be recorded', async () => {
    const enqueued: string[] = [];
    const outbox = {
      enqueue: ({ documentId }: ChangeSource) => void enqueued.push(documentId),
      ensureRecorded: () => Promise.reject(new Error('refused')),
    };
    const { sweep } = await setUp([300, 200, 100], { pageSize: 1, outbox });
    await sweep.run();
    expect(enqueued).toEqual(['thing-0', 'thing-1', 'thing-2']);
  });

  it('runs again and again until it is stopped, also after a failure', async () => {
    const { things } = await setUp([]);
    const finds: (() => void)[] = [];
    let count = 0;
    const failing = {
      ...things,
      find: async () => {
        count += 1;
        finds.shift()?.();
        throw new Error('away');
      },
    };
    const { sweep, warned } = await setUp([], { collections: new Map([['things', failing]]) });
    const third = new Promise<void>(resolve =>
      finds.push(
        () => undefined,
        () => undefined,
        resolve,
      ),
    );
    sweep.start();
    await third;
    await sweep.stop();
    const stoppedAt = count;
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(count).toBe(stoppedAt);
    expect(warned).toHaveLength(stoppedAt);
  });

  it('waits, when it is stopped, for the run that is under way', async () => {
    const { things } = await setUp([]);
    const events: string[] = [];
    let begin: () => void = () => undefined;
    const begun = new Promise<void>(resolve => (begin = resolve));
    const slow = {
      ...things,
      find: async () => {
        begin();
        await new Promise(resolve => setTimeout(resolve, 10));
        events.push('found');
        return [];
      },
    };
    const { sweep } = await setUp([], { collections: new Map([['things', slow]]) });
    sweep.start();
    await begun;
    await sweep.stop();
    events.push('stopped');
    expect(events).toEqual(['found', 'stopped']);
  });
});
