import { type Page } from '../../schemas/paging.ts';
import { type ChangeRecord, type DeadDelivery, type EffectName, type PendingDelivery } from './changes.ts';
import { findPage, type PageOptions } from './paging.ts';
import { type BulkOperation, type Collection, type Filter } from './store/collection.ts';

/** One effect of one change. */
export interface DeliveryKey {
  readonly changeId: string;
  readonly effect: EffectName;
}

/** A delivery that waits longer: `attempts` and `lastError` stand in `next`. */
export interface Rescheduling {
  readonly record: ChangeRecord;
  /** The attempts as they were read: a delivery that somebody else has tried meanwhile is left alone. */
  readonly attempts: number;
  readonly next: PendingDelivery;
}

/** A delivery that is given up. */
export interface Burial {
  readonly changeId: string;
  /** The attempts as they were read. */
  readonly attempts: number;
  readonly dead: DeadDelivery;
}

/** What there is to deliver to one effect. */
export interface DeliverySummary {
  readonly pending: number;
  /** Those of `pending` whose time has come. */
  readonly due: number;
  readonly dead: number;
  /** When the oldest of the pending changes was made; null when there is none. */
  readonly oldestAt: Date | null;
}

/** Which dead deliveries are meant: of these effects, and of these changes when given. */
export interface DeadSelection {
  readonly effects: readonly EffectName[];
  readonly changeIds?: readonly string[];
}

/** The deliveries in the collection `changes`. A delivery alters `pending` and `dead` of its change, and nothing else. */
export interface DeliveriesDatastore {
  /** Changes that are due for an effect, in no promised order (in fact the earliest due come first). */
  findDue(effect: EffectName, now: Date, limit: number): Promise<ChangeRecord[]>;
  /** The latest change of a document, of a version between two (exclusive), that asked for the effect; null when there is none. */
  findPredecessor(
    effect: EffectName,
    documentId: string,
    versions: { readonly after: number; readonly before: number },
  ): Promise<ChangeRecord | null>;
  /** Takes what was delivered from `pending`; what is not there any more is done. */
  complete(deliveries: readonly DeliveryKey[]): Promise<void>;
  /** Sets when deliveries are tried next. */
  reschedule(reschedulings: readonly Rescheduling[]): Promise<void>;
  /** Moves deliveries from `pending` to `dead`. */
  bury(burials: readonly Burial[]): Promise<void>;
  summarize(effect: EffectName, now: Date): Promise<DeliverySummary>;
  /** Changes with dead deliveries, the latest first, without what they changed. */
  findDead(selection: DeadSelection, page: PageOptions): Promise<Page<ChangeRecord>>;
  /** Makes dead deliveries pending again, due at once and untried. Gives how many. */
  redrive(selection: DeadSelection, now: Date): Promise<number>;
}

/** How many dead letters are redriven at once. */
const REDRIVE_BATCH = 500;

/** Gives the door to the deliveries of the recorded changes. */
export function createDeliveriesDatastore({
  collection,
}: {
  readonly collection: Collection<ChangeRecord>;
}): DeliveriesDatastore {
  const pendingOf = (effect: EffectName, dueAt?: object): Filter => ({
    pending: { $elemMatch: { effect, ...(dueAt !== undefined && { dueAt }) } },
  });

  const deadOf = ({ effects, changeIds }: DeadSelection, condition: object = {}): Filter => ({
    dead: { $elemMatch: { effect: { $in: effects }, ...condition } },
    ...(changeIds !== undefined && { _id: { $in: changeIds } }),
  });

  /** Carries out guarded operations; throws the first error of one. Gives how many found what they were guarded by. */
  const write = async (operations: readonly BulkOperation<ChangeRecord>[]): Promise<number> => {
    if (operations.length === 0) return 0;
    const { matchedCount, failures } = await collection.bulkWrite(operations);
    if (failures[0] !== undefined) throw failures[0].error;
    return matchedCount;
  };

  return {
    findDue: (effect, now, limit) => collection.find(pendingOf(effect, { $lte: now }), { limit }),

    findPredecessor: (effect, documentId, { after, before }) =>
      collection.findOne(
        { documentId, version: { $gt: after, $lt: before }, effects: effect },
        { sort: { version: -1 } },
      ),

    async complete(deliveries) {
      const byChange = new Map<string, EffectName[]>();
      for (const { changeId, effect } of deliveries) {
        const effects = byChange.get(changeId);
        if (effects === undefined) byChange.set(changeId, [effect]);
        else effects.push(effect);
      }
      await write(
        [...byChange].map(([_id, effects]) => ({
          updateOne: { filter: { _id }, update: { $pull: { pending: { effect: { $in: effects } } } } },
        })),
      );
    },

    async reschedule(reschedulings) {
      let left = reschedulings;
      while (left.length > 0) {
        const operations = left.flatMap(toRescheduling);
        if ((await write(operations)) === left.length) return;
        // Elements of the list before it may have gone meanwhile: look again at which place each stands.
        left = await selectUnmoved(left);
      }
    },

    async bury(burials) {
      await write(
        burials.map(({ changeId, attempts, dead }) => ({
          updateOne: {
            filter: { _id: changeId, pending: { $elemMatch: { effect: dead.effect, attempts } } },
            update: { $pull: { pending: { effect: dead.effect } }, $push: { dead } },
          },
        })),
      );
    },

    async summarize(effect, now) {
      const [pending, due, dead, [oldest]] = await Promise.all([
        collection.countDocuments(pendingOf(effect)),
        collection.countDocuments(pendingOf(effect, { $lte: now })),
        collection.countDocuments(deadOf({ effects: [effect] })),
        collection.find(pendingOf(effect), { sort: { at: 1 }, limit: 1, projection: { at: 1 } }),
      ]);
      return { pending, due, dead, oldestAt: oldest?.at ?? null };
    },

    findDead(selection, page) {
      const projection = { collection: 1, documentId: 1, campaignId: 1, version: 1, at: 1, dead: 1 } as const;
      return findPage(collection, deadOf(selection), { at: -1, _id: -1 }, { ...page, projection });
    },

    async redrive(selection, now) {
      let redriven = 0;
      for (;;) {
        // Those that die again meanwhile are left for the next redrive.
        const records = await collection.find(deadOf(selection, { at: { $lte: now } }), { limit: REDRIVE_BATCH });
        if (records.length === 0) return redriven;
        redriven += await write(records.flatMap(record => toRedriving(record, selection, now)));
      }
    },
  };

  async function selectUnmoved(reschedulings: readonly Rescheduling[]): Promise<Rescheduling[]> {
    const ids = reschedulings.map(({ record }) => record._id);
    const fresh = new Map((await collection.find({ _id: { $in: ids } })).map(record => [record._id, record]));
    return reschedulings.flatMap(one => {
      const record = fresh.get(one.record._id);
      const pending = record?.pending.find(({ effect }) => effect === one.next.effect);
      const isUnmoved = pending?.attempts === one.attempts && pending.dueAt.getTime() !== one.next.dueAt.getTime();
      return record !== undefined && isUnmoved ? [{ ...one, record }] : [];
    });
  }
}

function toRescheduling({ record, attempts, next }: Rescheduling): BulkOperation<ChangeRecord>[] {
  const at = record.pending.findIndex(({ effect }) => effect === next.effect);
  if (at === -1) return [];
  const filter = { _id: record._id, [`pending.${at}.effect`]: next.effect, [`pending.${at}.attempts`]: attempts };
  return [{ updateOne: { filter, update: { $set: { [`pending.${at}`]: next } } } }];
}

function toRedriving(record: ChangeRecord, { effects }: DeadSelection, now: Date): BulkOperation<ChangeRecord>[] {
  const redriven = (record.dead ?? []).filter(({ effect, at }) => effects.includes(effect) && at <= now);
  return redriven.map(({ effect }) => {
    const pending: PendingDelivery = { effect, attempts: 0, dueAt: now };
    return {
      updateOne: {
        filter: { _id: record._id, 'dead.effect': effect },
        update: { $pull: { dead: { effect } }, $push: { pending } },
      },
    };
  });
}
