import { beforeEach, describe, expect, it } from '@jest/globals';
import { createSource } from '../../../test/support/deliveries.ts';
import { type ChangeRecord } from '../../datastore/changes.ts';
import { createLines, type Lines, type Waiting } from './lines.ts';

const wait = (documentId: string, version: number): Waiting => {
  const { collection, change } = createSource(documentId, version, []);
  const { id: _id, ...rest } = change;
  const record: ChangeRecord = { _id, collection, documentId, ...rest, pending: [] };
  return { record, attempts: 0 };
};
const named = (waiting: readonly Waiting[]): string[] => waiting.map(({ record }) => record._id);

describe('the lines of an effect', () => {
  let lines: Lines;
  beforeEach(() => {
    lines = createLines();
  });
  const takeAll = (): Waiting[] => lines.take(10, () => true);

  it('give the head of each, in the order of versions whatever came first', () => {
    for (const [id, version] of [
      ['a', 3],
      ['a', 1],
      ['b', 7],
      ['a', 2],
    ] as const) {
      lines.add(wait(id, version));
    }
    const heads = takeAll();
    expect(named(heads)).toEqual(['a-1', 'b-7']);
    expect(takeAll()).toEqual([]);
    heads.forEach(head => lines.finish(head));
    expect(named(takeAll())).toEqual(['a-2']);
    expect([lines.size, lines.lengthOf('a'), lines.lengthOf('b')]).toEqual([2, 2, 0]);
  });

  it('take no change twice, no more than asked for, and none that is not accepted', () => {
    lines.add(wait('a', 1));
    lines.add(wait('a', 1));
    lines.add(wait('b', 1));
    expect(lines.size).toBe(2);
    expect(named(lines.take(1, () => true))).toEqual(['a-1']);
    expect(lines.take(1, () => false)).toEqual([]);
    expect(named(takeAll())).toEqual(['b-1']);
  });

  it('let a head wait for its time, unless an older change takes its place', () => {
    const [a, b] = [wait('a', 2), wait('b', 2)];
    lines.add(a);
    lines.add(b);
    takeAll();
    lines.release({ ...a, attempts: 1 }, 100);
    lines.release(b, 200);
    expect([lines.wake(50), takeAll()]).toEqual([100, []]);
    lines.add(wait('b', 1));
    expect(named(takeAll())).toEqual(['b-1']);
    expect(lines.wake(100)).toBeUndefined();
    expect(takeAll()).toMatchObject([{ record: { _id: 'a-2' }, attempts: 1 }]);
  });

  it('let go of a line, and of all', () => {
    for (const version of [1, 2]) lines.add(wait('a', version));
    const [head] = takeAll();
    expect(named(lines.drop('a'))).toEqual(['a-1', 'a-2']);
    // What is told of a change that is not there any more changes nothing.
    if (head !== undefined) lines.release(head);
    expect([lines.size, lines.has('a-1'), takeAll()]).toEqual([0, false, []]);
    lines.add(wait('b', 1));
    lines.clear();
    expect([lines.size, takeAll()]).toEqual([0, []]);
  });

  it('tell how many heads are ready, and how many changes stand behind one', () => {
    for (const waiting of [wait('a', 1), wait('a', 2), wait('b', 1)]) lines.add(waiting);
    expect([lines.readyCount, lines.behindCount]).toEqual([2, 1]);
    const [head] = lines.take(1, () => true);
    expect([lines.readyCount, lines.behindCount]).toEqual([1, 1]);
    if (head !== undefined) lines.finish(head);
    expect([lines.readyCount, lines.behindCount]).toEqual([2, 0]);
  });
});
