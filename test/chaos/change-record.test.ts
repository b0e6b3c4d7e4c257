import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { selectContent } from '../../app/datastore/diff.ts';
import { DuplicateKeyError } from '../../app/datastore/store/collection.ts';
import { ServiceUnavailableError, TimeoutError, VersionMismatchError } from '../../lib/errors.ts';
import { applyMergePatch } from '../../lib/merge-patch.ts';
import { ids, play, type Action, type Model } from './change-record-model.ts';
import { type Decision, type Fault } from './faulty-world.ts';

const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('x', 'y'),
  fc.constantFrom(1, 2).map(day => new Date(Date.UTC(2026, 5, day))),
  fc.record({ inner: fc.integer({ min: 0, max: 2 }), at: fc.constant(new Date(0)) }, { requiredKeys: ['inner'] }),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  fc.constant(undefined),
);

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant('insert' as const) },
    { weight: 8, arbitrary: fc.constant('update' as const) },
    { weight: 2, arbitrary: fc.constant('remove' as const) },
    { weight: 2, arbitrary: fc.constant('sweep' as const) },
  ),
  slot: fc.nat(1),
  document: fc.nat(ids.length - 1),
  fields: fc.record({ alpha: value, beta: value, key: fc.constantFrom('k1', 'k2', undefined) }, { requiredKeys: [] }),
  isCounting: fc.boolean(),
  isChecked: fc.boolean(),
});

const rounds: fc.Arbitrary<Action[][]> = fc.array(fc.array(action, { minLength: 1, maxLength: 12, size: 'max' }), {
  minLength: 1,
  maxLength: 3,
  size: 'max',
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Fault>('none') },
  { weight: 6, arbitrary: fc.constantFrom<Fault>('refused', 'answerLost', 'executedLate') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('diesBefore', 'diesAfter') },
);

const decisions: fc.Arbitrary<Decision[]> = fc.array(fc.record({ pick: fc.nat(63), fault }), {
  maxLength: 500,
  size: 'max',
});

async function throwIfBroken(model: Model): Promise<void> {
  const records = await model.changes.primary.find({}, { sort: { documentId: 1, version: 1 } });
  const left = await model.things.primary.find({});

  for (const { error } of [...model.outcomes.values()].map(outcome =>
    'error' in outcome ? outcome : { error: undefined },
  )) {
    const expected = [ServiceUnavailableError, TimeoutError, VersionMismatchError, DuplicateKeyError];
    if (error !== undefined) expect(expected.some(type => error instanceof type) ? '' : error).toBe('');
  }
  expect(left.filter(document => document.pendingChange !== undefined || document.deleted)).toEqual([]);

  for (const id of ids) {
    const history = records.filter(record => record.documentId === id);
    expect(history.map(record => record.version)).toEqual(history.map((_, index) => index + 1));
    const final = left.find(document => document._id === id);
    const last = history.at(-1);
    const content = history.reduce<unknown>((state, record) => applyMergePatch(state, record.diff.after), {});
    if (final === undefined) expect(last === undefined || last.content !== undefined).toBe(true);
    else expect(final.version).toBe(last?.version);
    if (last !== undefined) expect(content).toEqual(final === undefined ? last.content : selectContent(final));
    // Taken back change by change, nothing is left.
    const backwards = history.reduceRight<unknown>(
      (state, record) => applyMergePatch(state, record.diff.before),
      content,
    );
    expect(backwards).toEqual({});
  }

  for (const record of records) {
    expect(record.pending.map(({ effect, attempts }) => [effect, attempts])).toEqual([
      ['kinesisCampaign', 0],
      ['fastlyPurge', 0],
    ]);
    expect(record.pending.map(({ dueAt }) => dueAt)).toEqual([record.at, record.at]);
  }

  const wasLate = model.world.happened.has('executedLate');
  for (const [name, outcome] of model.outcomes) {
    const written = records.filter(record => record.correlation === name);
    if (outcome.told === 'written') expect(written.map(record => record._id)).toEqual([outcome.changeId]);
    // A request that arrives late may find that the unique key which refused its repeat is free again.
    const mayArrive = wasLate && 'error' in outcome && outcome.error instanceof DuplicateKeyError;
    if (outcome.told === 'notWritten' && !mayArrive) expect(written).toEqual([]);
  }
  const names = records.map(record => record.correlation);
  expect(names.filter((name, index) => !name.startsWith('action-') || names.indexOf(name) !== index)).toEqual([]);
  for (const { correlation, version } of records) {
    const expected = model.expectedVersions.get(correlation);
    if (expected !== undefined) expect([correlation, version]).toEqual([correlation, expected + 1]);
  }
}

describe('the change record', () => {
  it('holds each change exactly once, whatever order, lost answer or death of a process', async () => {
    const runs = Number(process.env['CHAOS_RUNS'] ?? 300);
    const happened = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(rounds, decisions, async (actions, schedule) => {
        const model = await play(actions, schedule);
        for (const [name, count] of model.world.happened) happened.set(name, (happened.get(name) ?? 0) + count);
        for (const { told } of model.outcomes.values()) happened.set(told, (happened.get(told) ?? 0) + 1);
        await throwIfBroken(model);
      }),
      { numRuns: runs, ...(process.env['CHAOS_SEED'] !== undefined && { seed: Number(process.env['CHAOS_SEED']) }) },
    );
    // The schedules were worth their name.
    for (const name of [
      'refused',
      'answerLost',
      'executedLate',
      'diesBefore',
      'diesAfter',
      'written',
      'notWritten',
      'undecided',
    ]) {
      expect([name, happened.get(name) ?? 0]).not.toEqual([name, 0]);
    }
  }, 120_000);
});
