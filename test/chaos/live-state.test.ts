import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CampaignState } from '../../app/datastore/state-fold.ts';
import { type StateOperation } from '../../app/realtime/state/operations.ts';
import { StateVersionMismatchError, StateVersionNotFoundError } from '../../app/realtime/state/errors.ts';
import { IdempotencyKeyReusedError, ServiceUnavailableError } from '../../lib/errors.ts';
import { applyMergePatch } from '../../lib/merge-patch.ts';
import { type Decision, type Fault } from './faulty-world.ts';
import { type Action, CAMPAIGN, type LiveStateModel, play } from './live-state-model.ts';

const value = fc.oneof(
  fc.integer({ min: 0, max: 2 }),
  fc.constant(null),
  fc.record({ x: fc.integer({ min: 0, max: 2 }), y: fc.constantFrom(null, 1) }, { requiredKeys: [] }),
  fc.array(fc.constantFrom(0, null), { maxLength: 2 }),
);
const updates = fc.record({ a: value, b: value }, { requiredKeys: [] });

const operation: fc.Arbitrary<StateOperation> = fc.oneof(
  { weight: 6, arbitrary: updates.map(one => ({ kind: 'update', updates: one }) as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('feature' as const),
      action: fc.constantFrom('add' as const, 'remove' as const),
      features: fc.array(fc.constantFrom('f', 'g'), { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: updates.map(
      one =>
        ({
          kind: 'batch',
          operations: [
            { kind: 'update', updates: one },
            { kind: 'update', updates: { b: null } },
          ],
        }) as const,
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }).map(toVersion => ({ kind: 'rollback', toVersion }) as const) },
);

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('write' as const) },
    { weight: 2, arbitrary: fc.constant('section' as const) },
    { weight: 4, arbitrary: fc.constant('subscribe' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Action['kind']>('dropEvents', 'catchUp', 'clock', 'poll', 'verify', 'tick'),
    },
    { weight: 4, arbitrary: fc.constant('news' as const) },
  ),
  instance: fc.nat(2),
  subscriber: fc.nat(3),
  operation,
  repeated: fc.option(fc.nat(2), { freq: 3 }),
  isChecked: fc.boolean(),
  documentVersion: fc.integer({ min: 1, max: 4 }),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Fault>('none') },
  { weight: 6, arbitrary: fc.constantFrom<Fault>('refused', 'answerLost', 'executedLate') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('diesBefore', 'diesAfter') },
);
const decisions: fc.Arbitrary<Decision[]> = fc.array(fc.record({ pick: fc.nat(63), fault }), {
  maxLength: 600,
  size: 'max',
});
const rounds: fc.Arbitrary<Action[][]> = fc.array(fc.array(action, { minLength: 1, maxLength: 15, size: 'max' }), {
  minLength: 1,
  maxLength: 4,
  size: 'max',
});

/** Counts what was worth testing, so that the schedules are seen to be worth their name. */
type Count = (name: string) => void;

async function throwIfBroken(model: LiveStateModel, count: Count): Promise<void> {
  const documents = await model.journal.primary.find({ campaignId: CAMPAIGN }, { sort: { from: 1 } });
  const changes = documents.flatMap(document =>
    document.changes.map(change => ({ ...change, changeId: document._id })),
  );

  // The journal: no gap, every event once, and each patch the difference that it made.
  expect(changes.map(({ version }) => version)).toEqual(changes.map((_change, at) => at + 1));
  expect(documents.map(({ from, to, changes: { length } }) => to - from + 1 - length)).toEqual(documents.map(() => 0));
  const eventIds = changes.map(({ eventId }) => eventId);
  expect(eventIds.filter((eventId, at) => eventIds.indexOf(eventId) !== at)).toEqual([]);
  const states: CampaignState[] = [{}];
  for (const { patch } of changes) states.push(applyMergePatch(states.at(-1), JSON.parse(patch)) as CampaignState);
  if (documents.some(({ from, to }) => to > from)) count('groupCommit');

  // What was acknowledged is in the journal, as it was said; what was refused is not.
  const acknowledgedIds = new Set(model.outcomes.flatMap(one => (one.acknowledgement ? [one.eventId] : [])));
  for (const { eventId, acknowledgement, expectedVersion, error } of model.outcomes) {
    if (acknowledgement?.outcome === 'superseded') {
      count('superseded');
      expect(eventIds).not.toContain(eventId);
    } else if (acknowledgement) {
      count(acknowledgement.outcome);
      const { version, changeId } = acknowledgement;
      expect(changes[version - 1]).toMatchObject({ eventId, changeId });
      if (acknowledgement.outcome === 'committed' && expectedVersion !== undefined)
        expect(version).toBe(expectedVersion + 1);
    } else if (error !== undefined) {
      count((error as Error).name);
      const expected = [
        ServiceUnavailableError,
        StateVersionMismatchError,
        StateVersionNotFoundError,
        IdempotencyKeyReusedError,
      ];
      expect(expected.some(type => error instanceof type) ? '' : error).toBe('');
      if (eventId.startsWith('event-'))
        expect([eventId, acknowledgedIds.has(eventId), eventIds.includes(eventId)]).toEqual([eventId, false, false]);
      if (error instanceof StateVersionMismatchError) throwIfUseless(error, expectedVersion ?? 0, states);
    }
  }

  // Whoever listens saw each version once and in order, or a snapshot and its successors, and has the right state.
  for (const { view, past } of model.clients) {
    for (const { faults, version, state, versions } of [...past, view]) {
      expect(faults).toEqual([]);
      if (version > 0) expect(state).toEqual(states[version]);
      if (versions.some(one => one < 0)) count('snapshot');
    }
    if (view.events[0]?.kind === 'replay' && view.events[0].changes.length > 0) count('replay');
    expect(view.version).toBe(changes.length);
  }

  for (const from of model.taken) count(`taken from ${from}`);

  // Nobody had to start anew.
  expect(
    [...model.said].filter(message => message !== 'state.journal.failed' && message !== 'state.snapshot.failed'),
  ).toEqual([]);

  // All instances show what the journal says.
  for (const slot of [0, 1, 2]) {
    const reading = model.process(slot).manager.read(CAMPAIGN);
    await model.world.run();
    const { version, state } = await reading;
    expect([version, state]).toEqual([changes.length, states.at(-1)]);
  }
  for (const { version, state } of await model.snapshots.primary.find({ campaignId: CAMPAIGN })) {
    count('stored snapshot');
    expect(JSON.parse(state)).toEqual(states[version]);
  }
}

/** A mismatch must bring its sender up to date. */
function throwIfUseless(
  { catchUp, currentVersion }: StateVersionMismatchError,
  expectedVersion: number,
  states: readonly CampaignState[],
): void {
  if (catchUp.kind === 'snapshot') {
    expect(catchUp.state).toEqual(states[catchUp.version]);
    return;
  }
  const made = catchUp.changes.reduce<unknown>(
    (state, { patch }) => applyMergePatch(state, JSON.parse(patch)),
    states[expectedVersion],
  );
  expect(made).toEqual(states[currentVersion]);
}

describe('live states', () => {
  it('keep their promises, whatever order, lost answer, lost race or death of an instance', async () => {
    const runs = Number(process.env['CHAOS_RUNS'] ?? 300);
    const happened = new Map<string, number>();
    const count: Count = name => happened.set(name, (happened.get(name) ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(rounds, decisions, async (planned, schedule) => {
        const model = await play(planned, schedule);
        for (const name of model.world.happened.keys()) count(name);
        await throwIfBroken(model, count);
      }),
      { numRuns: runs, ...(process.env['CHAOS_SEED'] !== undefined && { seed: Number(process.env['CHAOS_SEED']) }) },
    );
    // The schedules were worth their name.
    const worthwhile = ['refused', 'answerLost', 'executedLate', 'diesBefore', 'diesAfter', 'groupCommit', 'committed'];
    worthwhile.push('repeated', 'superseded', 'replay', 'snapshot', 'stored snapshot', 'StateVersionMismatchError');
    worthwhile.push('ServiceUnavailableError', 'IdempotencyKeyReusedError', 'taken from news', 'taken from journal');
    expect(worthwhile.filter(name => !happened.has(name))).toEqual([]);
  }, 180_000);
});
