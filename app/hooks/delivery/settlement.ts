import { type Logger } from '../../../lib/log.ts';
import { type ChangeRecord } from '../../datastore/changes.ts';
import { type Rescheduling } from '../../datastore/deliveries.ts';
import { type DeliveryFailure, type Effect } from '../effect.ts';
import { formatLastError, isDead, selectWaitMs } from './failures.ts';
import { type Ledger } from './ledger.ts';
import { type Lines, type Waiting } from './lines.ts';

export interface SettlementMetrics {
  /** `retried` were tried in vain and come again. */
  attempted(outcome: 'delivered' | 'retried' | 'dead', count: number): void;
  /** How long after its change something was delivered. */
  delivered(lagSeconds: number): void;
}

/** Writes down what became of changes that were tried, and moves their lines on. Throws when it cannot be written down. */
export interface Settlement {
  succeed(batch: readonly Waiting[]): Promise<void>;
  /** @param isProbe whether they were tried to see if the target is up again: its being down is not held against them */
  fail(batch: readonly Waiting[], failures: ReadonlyMap<string, DeliveryFailure>, isProbe: boolean): Promise<void>;
  /** Has lines wait in the database: lets go of each, and makes what stands behind its change due no earlier than that. */
  putOff(waits: readonly PutOff[]): Promise<void>;
}

/** A change that is not tried before a time. */
export interface PutOff {
  readonly record: ChangeRecord;
  readonly dueAt: Date;
}

export interface SettlementDependencies {
  readonly effect: Effect;
  readonly lines: Lines;
  readonly ledger: Ledger;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'error'>;
  readonly metrics: SettlementMetrics;
  /** Told of each change that is delivered, or given up: that one may be redriven. */
  readonly onSettled: (record: ChangeRecord, outcome: 'delivered' | 'dead') => void;
}

interface Dying {
  readonly waiting: Waiting;
  readonly attempts: number;
  readonly lastError: string;
}

type Retried = Rescheduling & { readonly waiting: Waiting };

/** Who waits longer for the next attempt waits in the database. */
const MAX_KEPT_MS = 2_000;

/** Gives the settlement of an effect. */
export function createSettlement(dependencies: SettlementDependencies): Settlement {
  const { effect, lines, ledger, clock, log, metrics, onSettled } = dependencies;

  const settle = (waiting: Waiting, outcome: 'delivered' | 'dead'): void => {
    onSettled(waiting.record, outcome);
    lines.finish(waiting);
  };

  const bury = async (dying: readonly Dying[], at: Date): Promise<void> => {
    if (dying.length === 0) return;
    await ledger.bury(
      dying.map(({ waiting, attempts, lastError }) => ({
        changeId: waiting.record._id,
        attempts: waiting.attempts,
        dead: { effect: effect.name, attempts, at, lastError },
      })),
    );
    metrics.attempted('dead', dying.length);
    log.error('deliveries.dead', {
      effect: effect.name,
      count: dying.length,
      changeIds: dying.slice(0, 10).map(({ waiting }) => waiting.record._id),
      lastError: dying[0]?.lastError,
    });
    for (const { waiting } of dying) settle(waiting, 'dead');
  };

  const retry = async (retried: readonly Retried[], now: Date): Promise<void> => {
    if (retried.length === 0) return;
    await ledger.reschedule(retried);
    metrics.attempted('retried', retried.length);
    const putOff: Rescheduling[] = [];
    for (const { waiting, next } of retried) {
      const isKept = next.dueAt.getTime() - now.getTime() <= MAX_KEPT_MS;
      const changed = { ...waiting, attempts: next.attempts };
      if (isKept) lines.release(changed, next.dueAt.getTime());
      else putOff.push(...dropLine({ record: waiting.record, dueAt: next.dueAt }));
    }
    await ledger.reschedule(putOff);
  };

  const dropLine = ({ record: { documentId, _id }, dueAt }: PutOff): Rescheduling[] =>
    lines
      .drop(documentId)
      .filter(({ record }) => record._id !== _id)
      .map(({ record, attempts }) => ({ record, attempts, next: { effect: effect.name, attempts, dueAt } }));

  return {
    async succeed(batch) {
      if (batch.length === 0) return;
      await ledger.complete(batch.map(({ record }) => ({ changeId: record._id, effect: effect.name })));
      metrics.attempted('delivered', batch.length);
      const now = clock().getTime();
      for (const waiting of batch) {
        metrics.delivered(Math.max(0, now - waiting.record.at.getTime()) / 1000);
        settle(waiting, 'delivered');
      }
    },
    async fail(batch, failures, isProbe) {
      const now = clock();
      const dying: Dying[] = [];
      const retried: Retried[] = [];
      for (const waiting of batch) {
        const failure = failures.get(waiting.record._id);
        if (failure === undefined) continue;
        const lastError = formatLastError(failure.error);
        const attempts = waiting.attempts + (isProbe && failure.isFinal !== true ? 0 : 1);
        if (isDead(failure, attempts, effect)) {
          dying.push({ waiting, attempts, lastError });
          continue;
        }
        const dueAt = new Date(now.getTime() + selectWaitMs(failure, attempts, effect));
        const next = { effect: effect.name, attempts, dueAt, lastError };
        retried.push({ waiting, record: waiting.record, attempts: waiting.attempts, next });
      }
      await Promise.all([bury(dying, now), retry(retried, now)]);
    },
    putOff: waits => ledger.reschedule(waits.flatMap(dropLine)),
  };
}
