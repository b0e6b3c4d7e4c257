import { AsyncResource } from 'node:async_hooks';
import { type Logger } from '../../../lib/log.ts';
import { type ChangeRecord } from '../../datastore/changes.ts';
import { type Timer } from '../../datastore/deadline.ts';
import { type DeliveriesDatastore } from '../../datastore/deliveries.ts';
import { type Effect } from '../effect.ts';
import { createRecentSet } from '../recent-set.ts';
import { attempt } from './attempt.ts';
import { type Circuit } from './circuit.ts';
import { type Ledger } from './ledger.ts';
import { createLines, type Waiting } from './lines.ts';
import { createSettlement, type PutOff, type SettlementMetrics } from './settlement.ts';
import { type Term } from './term.ts';
import { createTurns } from './turns.ts';

/** What a lane tells of each attempt. */
export interface LaneMetrics extends SettlementMetrics {
  /** How long a batch took. */
  performed(seconds: number): void;
}

export interface LaneOptions {
  /** How many changes wait in memory at most. */
  readonly maxWaiting: number;
  /** How many batches are under way at most. */
  readonly maxInFlight: number;
  /** How long one batch may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a document is put off at least whose turn it is not. */
  readonly pollIntervalMs: number;
  /** How far apart batches begin that are not full, in milliseconds; changes that come one by one share what a batch costs. */
  readonly gatherMs?: number;
}

export interface LaneDependencies {
  readonly effect: Effect;
  readonly deliveries: Pick<DeliveriesDatastore, 'findDue' | 'findPredecessor'>;
  readonly ledger: Ledger;
  readonly term: Term;
  readonly circuit: Circuit;
  readonly clock: () => Date;
  readonly timer: Timer;
  readonly log: Pick<Logger, 'warn' | 'error' | 'info'>;
  readonly metrics: LaneMetrics;
  readonly options: LaneOptions;
}

/** The way of changes to one effect. */
export interface Lane {
  /** Takes changes that were just recorded, as far as there is room; the others are found in the database. */
  offer(records: readonly ChangeRecord[]): void;
  /** Keeps the lease, and looks for what is due. Never throws. */
  poll(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Begins nothing new, and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** How many delivered changes are remembered, for a page that was read before they were done. */
const REMEMBERED_CHANGES = 10_000;
/** A line longer than this is not lengthened towards older changes. */
const MAX_LINE = 100;
/** How many documents are asked at once whether it is their turn. */
const MAX_VERIFIED = 200;
/**
 * Gives the lane of an effect: bounded lines in memory, filled by `offer` and from the database, emptied in batches of
 * at most one change for each document. A change is sent only after the one before it, of its document and of this
 * effect, is known to be delivered or dead: from memory, or from the database.
 */
export function createLane(dependencies: LaneDependencies): Lane {
  const { effect, deliveries, ledger, term, circuit, clock, timer, log, metrics, options } = dependencies;
  const { gatherMs = 0 } = options;
  const lines = createLines();
  const turns = createTurns(effect, deliveries);
  const delivered = createRecentSet(REMEMBERED_CHANGES);
  const settlement = createSettlement({
    ...{ effect, lines, ledger, clock, log, metrics },
    onSettled(record, outcome) {
      turns.pass(record);
      if (outcome === 'delivered') delivered.add(record._id);
    },
  });
  const sending = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let unverified: Waiting[] = [];
  /** Whether there may be more in the database than in memory. */
  let isBehind = true;
  let isFetching = false;
  let isVerifying = false;
  let isStopped = false;
  let inFlight = 0;
  /** Until when the circuit is not asked whether it lets something through (milliseconds since 1970). */
  let quietUntil = 0;
  /** When the last batch began, by the timer. */
  let begunAt = -Infinity;
  const stopping = new AbortController();
  let pump: Promise<void> | undefined;
  let wakeAt: number | undefined;

  const track = (work: Promise<void>): void => {
    const tracked = work
      .catch((error: unknown) => log.error('deliveries.failed', { effect: effect.name, error }))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  /** Work belongs to no request, though one may have set it off: it is in nobody's trace, and outlives them all. */
  const runApart = AsyncResource.bind(() => run());

  /** Continues soon: whoever brings something is not kept waiting. */
  const proceed = (): void => {
    pump ??= Promise.resolve().then(() => {
      pump = undefined;
      runApart();
    });
  };

  const add = (record: ChangeRecord): boolean => {
    if (sending.has(record._id) || delivered.has(record._id)) return false;
    const pending = record.pending.find(one => one.effect === effect.name);
    if (pending === undefined) return false;
    lines.add({ record, attempts: pending.attempts });
    return true;
  };

  const run = (): void => {
    if (isStopped || !term.isHeld()) return;
    const next = lines.wake(clock().getTime());
    sendReady();
    verifyHeads();
    const hasRoom = lines.size <= options.maxWaiting / 2 && (circuit.state === 'closed' || lines.size === 0);
    if (isBehind && hasRoom && !isFetching) track(fetch());
    if (next !== undefined) wakeUp(next);
    if (quietUntil > clock().getTime()) wakeUp(quietUntil);
  };

  /** Whether more may come to share the next batch. Changes of one document, which share none, are not kept waiting for it. */
  const isGathering = (): boolean => {
    const leftMs = begunAt + gatherMs - timer.now();
    const { readyCount } = lines;
    if (leftMs <= 0 || readyCount === 0 || readyCount >= effect.batchSize || lines.behindCount >= readyCount)
      return false;
    wakeUp(clock().getTime() + leftMs);
    return true;
  };

  const sendReady = (): void => {
    while (inFlight < options.maxInFlight && !isGathering()) {
      // What a target in doubt is tried with is one change, so that no more than one is tried in vain.
      const isProbe = circuit.state !== 'closed';
      if (isProbe && (inFlight > 0 || clock().getTime() < quietUntil)) return;
      let limit = isProbe ? 1 : effect.batchSize;
      let count = 0;
      const batch = lines.take(limit, head => {
        if (count >= limit) return false;
        if (!turns.isKnown(head.record)) {
          if (unverified.length < MAX_VERIFIED) unverified.push(head);
          return false;
        }
        // What fails again and again travels in ever smaller company, so that it cannot make others fail for ever.
        const own = Math.max(1, effect.batchSize >> Math.min(head.attempts, 30));
        if (count >= own) return false;
        limit = Math.min(limit, own);
        count += 1;
        return true;
      });
      if (batch.length === 0) return;
      begunAt = timer.now();
      inFlight += 1;
      track(
        send(batch, isProbe).finally(() => {
          inFlight -= 1;
          proceed();
        }),
      );
    }
  };

  const send = async (batch: readonly Waiting[], isProbe: boolean): Promise<void> => {
    const records = batch.map(({ record }) => record);
    for (const { _id } of records) sending.add(_id);
    try {
      const { signal: ofTerm } = term;
      const startedAt = timer.now();
      const failures = await withinTime(ofTerm, options.timeoutMs, signal => attempt(effect, circuit, records, signal));
      if (failures === undefined) {
        quietUntil = clock().getTime() + options.pollIntervalMs;
        for (const one of batch) lines.release(one);
        return;
      }
      metrics.performed((timer.now() - startedAt) / 1000);
      const succeeded = batch.filter(({ record }) => !failures.has(record._id));
      const failed = batch.filter(({ record }) => failures.has(record._id));
      await Promise.all([
        settlement.succeed(succeeded),
        // When the term is over, what failed belongs to the next holder of the lease.
        ...(ofTerm.aborted ? [] : [settlement.fail(failed, failures, isProbe)]),
      ]);
    } catch (error) {
      for (const one of batch) lines.release(one, clock().getTime() + options.pollIntervalMs);
      throw error;
    } finally {
      for (const { _id } of records) sending.delete(_id);
    }
  };

  /** Asks the database about the heads of which memory does not know whether it is their turn. */
  const verifyHeads = (): void => {
    const asked = new Set(unverified.map(({ record }) => record._id));
    unverified = [];
    if (isVerifying || asked.size === 0) return;
    const heads = lines.take(MAX_VERIFIED, ({ record }) => asked.has(record._id));
    if (heads.length === 0) return;
    isVerifying = true;
    track(
      verify(heads).finally(() => {
        isVerifying = false;
        proceed();
      }),
    );
  };

  const verify = async (heads: readonly Waiting[]): Promise<void> => {
    const waits = await Promise.all(
      heads.map(async head => {
        try {
          return await verifyOne(head);
        } catch (error) {
          log.warn('deliveries.notVerified', { effect: effect.name, error });
          lines.release(head, clock().getTime() + options.pollIntervalMs);
          return [];
        }
      }),
    );
    await settlement.putOff(waits.flat());
  };

  const verifyOne = async (head: Waiting): Promise<PutOff[]> => {
    const { documentId } = head.record;
    const predecessor = await turns.findPredecessor(head.record);
    if (predecessor === null) {
      lines.release(head);
      return [];
    }
    const { record, pending } = predecessor;
    const now = clock();
    const isShort = lines.lengthOf(documentId) < MAX_LINE;
    if (lines.has(record._id) || (pending.dueAt <= now && isShort && add(record))) {
      lines.release(head);
      return [];
    }
    const soonest = now.getTime() + options.pollIntervalMs;
    return [{ record, dueAt: new Date(Math.max(pending.dueAt.getTime(), soonest)) }];
  };

  const fetch = async (): Promise<void> => {
    isFetching = true;
    isBehind = false;
    try {
      // Those in memory are found again.
      const limit = lines.size + sending.size + Math.ceil(options.maxWaiting / 2);
      const records = await deliveries.findDue(effect.name, clock(), limit);
      if (records.length >= limit) isBehind = true;
      if (!isStopped && term.isHeld()) for (const record of records) add(record);
    } catch (error) {
      log.warn('deliveries.notRead', { effect: effect.name, error });
    } finally {
      isFetching = false;
    }
    proceed();
  };

  const wakeUp = (time: number): void => {
    if (wakeAt !== undefined && wakeAt <= time) return;
    wakeAt = time;
    void timer.wait(Math.max(1, time - clock().getTime()), stopping.signal).then(() => {
      if (wakeAt === time) wakeAt = undefined;
      proceed();
    });
  };

  const idle = async (): Promise<void> => {
    while (underWay.size > 0 || pump !== undefined) await Promise.all([...underWay, pump]);
  };

  return {
    offer(records) {
      if (isStopped || !term.isHeld()) return;
      for (const record of records) {
        if (lines.size >= options.maxWaiting) {
          isBehind = true;
          break;
        }
        add(record);
      }
      proceed();
    },
    async poll() {
      if (isStopped) return;
      // What waited in memory may have been delivered by another instance meanwhile.
      if (await term.keep()) lines.clear();
      if (isStopped || !term.isHeld()) return;
      isBehind = true;
      proceed();
    },
    idle,
    async stop() {
      isStopped = true;
      stopping.abort();
      await idle();
      await term.end();
    },
  };
}

/** Does work with a signal that ends with another one, or after a time. */
async function withinTime<T>(outer: AbortSignal, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(outer.reason);
  const timer = setTimeout(() => controller.abort(new Error(`It took longer than ${ms} ms.`)), ms).unref();
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}
