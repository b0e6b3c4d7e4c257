import { beforeEach, describe, expect, it } from '@jest/globals';
import { type PositionedState } from '../../datastore/state-fold.ts';
import { type StateSnapshots } from '../../datastore/state-snapshots.ts';
import { createSnapshotKeeper } from './snapshot-keeper.ts';

const START = new Date('2026-03-01T12:00:00Z');

describe('the keeper of snapshots', () => {
  let written: number[];
  let said: string[];
  /** What the next writings do, in turn; after that they succeed. */
  let faults: (() => Promise<void>)[];
  let nowMs: number;

  beforeEach(() => {
    [written, said, faults, nowMs] = [[], [], [], 0];
  });

  const snapshots: Pick<StateSnapshots, 'write'> = {
    async write({ version }) {
      await faults.shift()?.();
      written.push(version);
    },
  };
  const open = (headVersion = 1, snapshotVersion = 0, pauseMs = 0) =>
    createSnapshotKeeper({
      campaignId: 'c',
      snapshots: snapshots,
      policy: { everyVersions: 10, pauseMs, afterMs: 1_000 },
      timer: { now: () => nowMs, wait: async () => undefined },
      log: { warn: message => said.push(message) },
      headVersion,
      snapshotVersion,
    });
  const after = (milliseconds: number): Date => new Date(START.getTime() + milliseconds);
  const head = (version: number, at = START): PositionedState => ({ version, changeId: `d${version}`, at, state: {} });
  const fail = () => Promise.reject(new Error('The database is away.'));

  it('writes one when there are so many versions without, and not before', async () => {
    const keeper = open();
    for (let version = 2; version <= 21; version += 1) await keeper.onCommitted(head(version));
    expect(written).toEqual([10, 20]);
  });

  it('counts the versions that were there when the campaign was loaded', async () => {
    await open(10, 1).tick(head(10), after(0));
    expect(written).toEqual([]);
    await open(11, 1).tick(head(11), after(0));
    expect(written).toEqual([11]);
  });

  it('writes one so long after the first change that none has, and once', async () => {
    const keeper = open();
    await keeper.onCommitted(head(2));
    await keeper.onCommitted(head(3, after(500)));
    await keeper.tick(head(3), after(999));
    expect(written).toEqual([]);
    for (const milliseconds of [1_000, 1_500, 9_000]) await keeper.tick(head(3), after(milliseconds));
    expect(written).toEqual([3]);
    // The time of the next one begins with the next change.
    await keeper.onCommitted(head(4, after(9_000)));
    await keeper.tick(head(4), after(9_999));
    expect(written).toEqual([3]);
    await keeper.tick(head(4), after(10_000));
    expect(written).toEqual([3, 4]);
  });

  it('pauses between two, however many versions there are meanwhile', async () => {
    const keeper = open(1, 0, 100);
    for (; nowMs < 200; nowMs += 20) await keeper.onCommitted(head(10 + nowMs));
    expect(written).toEqual([10, 110]);
    nowMs = 199;
    await keeper.tick(head(190), after(0));
    expect(written).toEqual([10, 110]);
    nowMs = 200;
    await keeper.tick(head(190), after(0));
    expect(written).toEqual([10, 110, 190]);
  });

  it('writes none of a version that has one', async () => {
    const keeper = open();
    await keeper.onCommitted(head(10));
    // The head is where it was when history was lost.
    await keeper.onCommitted(head(20));
    await keeper.onCommitted(head(20));
    await keeper.tick(head(20), after(1_000));
    expect(written).toEqual([10, 20]);
  });

  it('writes one at a time, and then what became due meanwhile', async () => {
    const keeper = open();
    let finish: () => void = () => undefined;
    faults.push(() => new Promise(resolve => (finish = resolve)));
    const saving = keeper.onCommitted(head(10));
    expect(keeper.onCommitted(head(20))).toBeUndefined();
    expect(keeper.tick(head(20), after(5_000))).toBeUndefined();
    finish();
    await saving;
    await keeper.tick(head(20), after(0));
    expect(written).toEqual([10, 20]);
  });

  it('says that one failed, and writes the next as soon as its time has come', async () => {
    const keeper = open();
    faults.push(fail, fail);
    await keeper.onCommitted(head(10));
    expect([written, said]).toEqual([[], ['state.snapshot.failed']]);
    await keeper.onCommitted(head(11));
    expect(said).toHaveLength(2);
    await keeper.tick(head(11), after(999));
    expect(written).toEqual([]);
    await keeper.tick(head(11), after(1_000));
    expect(written).toEqual([11]);
  });
});
