import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { createChanges, spec as changesSpec, type ChangeRecord, type ChangeSource } from '../datastore/changes.ts';
import { type Collection, InvalidOperationError } from '../datastore/store/collection.ts';
import { type VersionedDocument } from '../datastore/versioned.ts';
import { createDispatcher } from './dispatcher.ts';

const at = new Date('2026-01-01T00:00:00Z');

function createSource(documentId: string, version = 1, content?: Record<string, unknown>): ChangeSource {
  const id = `change-${documentId}-${version}`;
  const change = { id, version, cause: 'market.updated', effects: [], by: 'u', correlation: 'c', at } as const;
  return {
    collection: 'things',
    documentId,
    change: { ...change, diff: { before: {}, after: {} }, ...(content && { content }) },
  };
}

function setUp() {
  const things = createMemoryCollection<VersionedDocument>({ name: 'things', ids: [], indexes: [] });
  const recorded = createMemoryCollection<ChangeRecord>(changesSpec);
  const calls: string[] = [];
  const fail = { record: false, clear: false };
  /** The places of the operations that are refused one by one. */
  const refused: Record<'record' | 'clear', number[]> = { record: [], clear: [] };
  const spy = <T extends VersionedDocument | ChangeRecord>(
    name: 'record' | 'clear',
    collection: Collection<T>,
  ): Collection<T> => ({
    ...collection,
    bulkWrite: async operations => {
      calls.push(`${name} ${operations.length}`);
      if (fail[name]) throw new ServiceUnavailableError('the database');
      const done = await collection.bulkWrite(operations.filter((_one, index) => !refused[name].includes(index)));
      const failures = refused[name].map(index => ({ index, error: new InvalidOperationError('no') }));
      return { ...done, failures: [...done.failures, ...failures] };
    },
  });
  const logged: string[] = [];
  const named: string[] = [];
  const failed: string[] = [];
  const time = { now: at.getTime() };
  const dispatcher = createDispatcher({
    collections: new Map([['things', spy('clear', things)]]),
    changes: createChanges({ collection: spy('record', recorded) }),
    clock: () => new Date(time.now),
    log: {
      warn: message => void logged.push(`warn: ${message}`),
      error: (message, data) => {
        logged.push(`error: ${message}`);
        named.push(...(data?.['changeIds'] as string[]));
      },
    },
    metrics: { recorded: () => undefined, failed: (stage, count) => void failed.push(`${stage} ${count}`) },
    tombstoneMs: 1000,
  });
  const write = async (source: ChangeSource): Promise<ChangeSource> => {
    const { documentId: _id, change } = source;
    await things.deleteOne({ _id });
    const isDeletion = change.content !== undefined;
    await things.insertOne({
      _id,
      version: change.version,
      pendingChange: change,
      ...(isDeletion && { deleted: true }),
    });
    return source;
  };
  return { things, recorded, calls, fail, refused, logged, named, failed, time, dispatcher, write };
}

describe('the dispatcher', () => {
  let world: ReturnType<typeof setUp>;
  beforeEach(() => {
    world = setUp();
  });

  it('copies a change to the record, and then takes it from its document', async () => {
    const { dispatcher, things, recorded, write } = world;
    dispatcher.enqueue(await write(createSource('a')));
    await dispatcher.drain();
    expect(await recorded.findOne({ _id: 'change-a-1' })).toMatchObject({ documentId: 'a', version: 1 });
    expect(await things.find({})).toEqual([{ _id: 'a', version: 1 }]);
  });

  it('remembers what it recorded, and takes nothing else to be recorded', async () => {
    const { dispatcher, recorded, calls, write } = world;
    const source = await write(createSource('a', 1));
    dispatcher.enqueue(source);
    await dispatcher.drain();
    await dispatcher.ensureRecorded(source);
    expect(calls).toEqual(['record 1', 'clear 1']);
    expect(await recorded.countDocuments({ _id: 'change-a-2' })).toBe(0);
    await dispatcher.ensureRecorded(await write(createSource('a', 2)));
    expect(calls.filter(call => call.startsWith('record'))).toEqual(['record 1', 'record 1']);
    expect(await recorded.countDocuments({ _id: 'change-a-2' })).toBe(1);
  });

  it('copies what comes together in one batch', async () => {
    const { dispatcher, calls, write } = world;
    const sources = await Promise.all(['a', 'b', 'c'].map(id => write(createSource(id))));
    sources.forEach(source => dispatcher.enqueue(source));
    await dispatcher.drain();
    expect(calls).toEqual(['record 3', 'clear 3']);
  });

  it('leaves a later change in its document', async () => {
    const { dispatcher, things, write } = world;
    const first = await write(createSource('a', 1));
    await write(createSource('a', 2));
    dispatcher.enqueue(first);
    await dispatcher.drain();
    expect(await things.find({})).toMatchObject([{ version: 2, pendingChange: { id: 'change-a-2' } }]);
  });

  it('lets the next writer join the batch that is under way', async () => {
    const { dispatcher, calls, write } = world;
    const source = await write(createSource('a'));
    dispatcher.enqueue(source);
    await Promise.all([dispatcher.ensureRecorded(source), dispatcher.ensureRecorded(source)]);
    await dispatcher.ensureRecorded(source);
    expect(calls.filter(call => call.startsWith('record'))).toEqual(['record 1']);
  });

  it('records a change that nobody enqueued when the next writer asks for it', async () => {
    const { dispatcher, recorded, write } = world;
    await dispatcher.ensureRecorded(await write(createSource('a')));
    expect(await recorded.countDocuments({})).toBe(1);
  });

  it('keeps the change in its document when the record cannot be reached, and tells the waiting writer', async () => {
    const { dispatcher, things, recorded, fail, logged, failed, write } = world;
    fail.record = true;
    const source = await write(createSource('a'));
    dispatcher.enqueue(source);
    await expect(dispatcher.ensureRecorded(source)).rejects.toBeInstanceOf(ServiceUnavailableError);
    await dispatcher.drain();
    expect(await things.find({})).toMatchObject([{ pendingChange: { id: 'change-a-1' } }]);
    expect(await recorded.countDocuments({})).toBe(0);
    expect(logged).toEqual(['warn: Changes wait for the sweep: the database is away.']);
    expect(failed).toEqual(['record 1']);
    fail.record = false;
    await dispatcher.ensureRecorded(source);
    expect(await recorded.find({})).toMatchObject([{ _id: 'change-a-1' }]);
  });

  it('takes a recorded change from its document when it comes again, without recording it again', async () => {
    const { dispatcher, things, fail, failed, calls, write } = world;
    fail.clear = true;
    const source = await write(createSource('a'));
    dispatcher.enqueue(source);
    await dispatcher.drain();
    expect(failed).toEqual(['clear 1']);
    fail.clear = false;
    dispatcher.enqueue(source);
    await dispatcher.drain();
    expect(await things.find({})).toEqual([{ _id: 'a', version: 1 }]);
    expect(calls).toEqual(['record 1', 'clear 1', 'clear 1']);
  });

  it('names the changes that could not be taken from their documents, and no others', async () => {
    const { write, dispatcher, refused, failed, named } = world;
    // What is left of a deleted document stays for now: nothing is done to the first, so the second operation is the third's.
    const sources = [createSource('a', 1, { deleted: 'now' }), createSource('b'), createSource('c')];
    refused.clear = [1];
    await Promise.all(sources.map(write));
    for (const source of sources) dispatcher.enqueue(source);
    await dispatcher.drain();
    expect(failed).toEqual(['clear 1']);
    expect(named).toEqual(['change-c-1']);
  });

  it('never takes a change from its document that the record refused, and raises an alarm', async () => {
    const { dispatcher, things, logged, write } = world;
    await dispatcher.ensureRecorded(createSource('a'));
    const source = createSource('a');
    const conflicting = await write({ ...source, change: { ...source.change, id: 'other' } });
    dispatcher.enqueue(conflicting);
    dispatcher.enqueue(await write(createSource('b')));
    await dispatcher.drain();
    expect(await things.find({})).toMatchObject([
      { _id: 'a', pendingChange: { id: 'other' } },
      { _id: 'b', version: 1 },
    ]);
    expect(logged).toEqual(['error: Changes could not be dispatched.']);
  });

  it('removes the rest of a deleted document when no delayed insert can bring it back any more', async () => {
    const { dispatcher, things, time, write } = world;
    const source = await write(createSource('a', 2, { name: 'x' }));
    dispatcher.enqueue(source);
    await dispatcher.drain();
    expect(await things.find({})).toMatchObject([{ _id: 'a', deleted: true, pendingChange: { id: 'change-a-2' } }]);
    time.now += 1000;
    dispatcher.enqueue(source);
    await dispatcher.drain();
    expect(await things.find({})).toEqual([]);
  });
});
