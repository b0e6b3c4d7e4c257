import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { DuplicateKeyError } from '../collection.ts';
import { type Catalog, readCatalog } from './catalog.ts';
import { type Changes, type Environment, openEnvironment } from './environment.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

describe('the write queue', () => {
  let directory: string;
  let real: Environment;
  let environment: Environment;
  let catalog: Catalog;
  let queue: WriteQueue;
  let commits: number;
  let failures: unknown[];
  /** Stands before the real commit. */
  let beforeCommit: (changes: Changes) => void;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'write-queue-'));
    real = openEnvironment(directory);
    catalog = readCatalog(real, 1000);
    commits = 0;
    failures = [];
    beforeCommit = () => undefined;
    environment = {
      ...real,
      get snapshot() {
        return real.snapshot;
      },
      async commit(changes) {
        commits += 1;
        beforeCommit(changes);
        await real.commit(changes);
      },
    };
    queue = createWriteQueue(environment, error => failures.push(error));
  });
  afterEach(async () => {
    await queue.close();
    await real.close();
    await rm(directory, { recursive: true, force: true });
  });

  const insert = (_id: string): Promise<void> => queue.run(batch => batch.insert(catalog.state('things'), { _id }));
  const isThere = (_id: string): Promise<boolean> =>
    queue.run(batch => batch.document(catalog.state('things'), _id) !== undefined);

  it('commits once what was queued in one turn', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => insert(`k${n}`)));
    expect(commits).toBe(1);
    await Promise.all([insert('x'), insert('y')]);
    expect(commits).toBe(2);
  });

  it('commits nothing for operations that change nothing', async () => {
    expect(await isThere('k')).toBe(false);
    expect(commits).toBe(0);
  });

  it('fails an operation alone, and takes back what it did', async () => {
    const state = catalog.state('things');
    const results = await Promise.allSettled([
      insert('a'),
      queue.run(batch => {
        batch.insert(state, { _id: 'b' });
        batch.insert(state, { _id: 'a' });
      }),
      insert('c'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: expect.any(DuplicateKeyError) as unknown });
    expect(await Promise.all(['a', 'b', 'c'].map(isThere))).toEqual([true, false, true]);
  });

  it('answers nobody before the commit is durable', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    const slow = createWriteQueue(
      {
        ...environment,
        get snapshot() {
          return real.snapshot;
        },
        commit: changes => held.then(() => real.commit(changes)),
      },
      () => undefined,
    );
    let isAnswered = false;
    const write = slow
      .run(batch => batch.insert(catalog.state('things'), { _id: 'a' }))
      .then(() => (isAnswered = true));
    for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    expect(real.snapshot.countDocuments({ start: '\x00', end: '\xff' })).toBe(0);
    release();
    await write;
    expect(real.snapshot.countDocuments({ start: '\x00', end: '\xff' })).toBe(1);
  });

  it('says that all of a batch is undecided when the commit fails, and goes on with the next', async () => {
    beforeCommit = () => {
      throw new Error('no space left');
    };
    const results = await Promise.allSettled([insert('a'), insert('b'), isThere('c')]);
    for (const result of results)
      expect(result).toMatchObject({ reason: expect.any(ServiceUnavailableError) as unknown });
    expect(failures).toMatchObject([{ message: 'no space left' }]);
    beforeCommit = () => undefined;
    await insert('a');
    expect(await Promise.all(['a', 'b'].map(isThere))).toEqual([true, false]);
  });

  it('builds on what is there when a commit was done and reported as failed', async () => {
    const failing = createWriteQueue(
      {
        ...environment,
        get snapshot() {
          return real.snapshot;
        },
        commit: changes => real.commit(changes).then(() => Promise.reject(new Error('flush failed'))),
      },
      () => undefined,
    );
    const write = failing.run(batch => batch.insert(catalog.state('things'), { _id: 'a' }));
    await expect(write).rejects.toBeInstanceOf(ServiceUnavailableError);
    await expect(insert('a')).rejects.toBeInstanceOf(DuplicateKeyError);
  });

  it('refuses operations once it is closed, and waits for those that are queued', async () => {
    const queued = insert('a');
    await queue.close();
    await queued;
    expect(commits).toBe(1);
    await expect(insert('b')).rejects.toBeInstanceOf(ServiceUnavailableError);
  });
});
