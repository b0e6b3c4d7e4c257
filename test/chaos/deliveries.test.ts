import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ATTEMPTS,
  playDeliveries,
  type DeliveriesModel,
  type DeliveryAction,
  type Verdict,
} from './deliveries-model.ts';
import { type Decision, type Fault } from './faulty-world.ts';

const kinds: readonly [DeliveryAction['kind'], number][] = [
  ['write', 12],
  ['remove', 1],
  ['sweep', 1],
  ['poll', 6],
  ['redrive', 1],
  ['freeze', 1],
];

const action: fc.Arbitrary<DeliveryAction> = fc.record({
  kind: fc.oneof(...kinds.map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) }))),
  slot: fc.nat(1),
  document: fc.nat(2),
});

const rounds = fc.array(fc.array(action, { minLength: 1, maxLength: 12, size: 'max' }), {
  minLength: 1,
  maxLength: 5,
  size: 'max',
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 80, arbitrary: fc.constant<Fault>('none') },
  { weight: 6, arbitrary: fc.constantFrom<Fault>('refused', 'answerLost', 'executedLate') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('diesBefore', 'diesAfter') },
);

const decisions: fc.Arbitrary<Decision[]> = fc.array(fc.record({ pick: fc.nat(63), fault }), {
  maxLength: 800,
  size: 'max',
});

const verdicts: fc.Arbitrary<Verdict[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Verdict>('takes') },
    { weight: 3, arbitrary: fc.constantFrom<Verdict>('fails', 'lies') },
    { weight: 1, arbitrary: fc.constant<Verdict>('refuses') },
  ),
  { maxLength: 80, size: 'max' },
);

async function throwIfBroken({ changes, arrivals, buried }: DeliveriesModel): Promise<void> {
  const records = await changes.primary.find({}, { sort: { documentId: 1, version: 1 } });
  const byId = new Map(records.map(record => [record._id, record]));

  // None is invented.
  for (const { changeId, effect, documentId, version } of arrivals) {
    const record = byId.get(changeId);
    expect(record).toMatchObject({ documentId, version });
    expect(record?.effects).toContain(effect);
  }

  for (const record of records) {
    expect(record.effects).toEqual(['kinesisCampaign', 'fastlyPurge']);
    expect(record.pending).toEqual([]);
    for (const effect of record.effects) {
      const dead = record.dead?.find(one => one.effect === effect);
      if (dead !== undefined) expect(dead.attempts).toBeLessThanOrEqual(ATTEMPTS);
      const arrived = arrivals.some(one => one.changeId === record._id && one.effect === effect);
      expect([record._id, effect, arrived || dead !== undefined]).toEqual([record._id, effect, true]);
    }
  }

  // Each document's changes arrive in the order of their versions, those set aside that were dead for a time.
  const latest = new Map<string, number>();
  const seen = new Set<string>();
  for (const { effect, changeId, documentId, version } of arrivals) {
    const delivery = `${effect} ${changeId}`;
    if (seen.has(delivery) || buried.has(delivery)) continue;
    seen.add(delivery);
    const line = `${effect} ${documentId}`;
    expect([line, version, version > (latest.get(line) ?? 0)]).toEqual([line, version, true]);
    latest.set(line, version);
  }
}

describe('deliveries', () => {
  it('reach every effect that is on or die, in order, whatever fails, is late or is killed', async () => {
    const runs = Number(process.env['CHAOS_RUNS'] ?? 200);
    const happened = new Map<string, number>();
    const count = (name: string, by: number): void => void happened.set(name, (happened.get(name) ?? 0) + by);
    await fc.assert(
      fc.asyncProperty(rounds, decisions, verdicts, async (actions, schedule, given) => {
        const model = await playDeliveries(actions, schedule, given);
        for (const [name, times] of model.world.happened) count(name, times);
        count('arrived', model.arrivals.length);
        count('arrivedAgain', model.arrivals.length - new Set(model.arrivals.map(a => a.effect + a.changeId)).size);
        count('buried', model.buried.size);
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
      'arrived',
      'arrivedAgain',
      'buried',
    ]) {
      expect([name, happened.get(name) ?? 0]).not.toEqual([name, 0]);
    }
  }, 240_000);
});
