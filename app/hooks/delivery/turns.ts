import { LRUCache } from 'lru-cache';
import { type ChangeRecord, type PendingDelivery } from '../../datastore/changes.ts';
import { type DeliveriesDatastore } from '../../datastore/deliveries.ts';
import { type Effect } from '../effect.ts';

/** What stands before a change: nothing any more, or one that is still to be delivered. */
export type Predecessor = { readonly record: ChangeRecord; readonly pending: PendingDelivery } | null;

/** Whose turn it is: a change is sent only after the one before it, of its document and of this effect, was delivered or given up. */
export interface Turns {
  /** Whether memory knows that nothing stands before the change. */
  isKnown(record: ChangeRecord): boolean;
  /** Notes that a change was delivered, or given up. */
  pass(record: ChangeRecord): void;
  /** Asks the database what stands before the change. */
  findPredecessor(record: ChangeRecord): Promise<Predecessor>;
}

/** For how many documents it is remembered up to which version everything was delivered. */
const REMEMBERED_DOCUMENTS = 20_000;

/** Gives the turns of an effect. What they know holds whoever has the lease. */
export function createTurns(
  effect: Pick<Effect, 'name'>,
  deliveries: Pick<DeliveriesDatastore, 'findPredecessor'>,
): Turns {
  /** Document → the version up to which all is delivered or dead. */
  const floors = new LRUCache<string, number>({ max: REMEMBERED_DOCUMENTS });
  const floorOf = (documentId: string): number => floors.get(documentId) ?? 0;

  const raise = (documentId: string, version: number): void => {
    if (floorOf(documentId) < version) floors.set(documentId, version);
  };

  return {
    isKnown: ({ documentId, version }) => version === 1 || floorOf(documentId) >= version - 1,
    pass: ({ documentId, version }) => raise(documentId, version),
    async findPredecessor({ documentId, version }) {
      const versions = { after: floorOf(documentId), before: version };
      const record = await deliveries.findPredecessor(effect.name, documentId, versions);
      // What was read may be older than what has been settled meanwhile.
      if (record !== null && floorOf(documentId) >= record.version) return null;
      const pending = record?.pending.find(one => one.effect === effect.name);
      if (record !== null && pending !== undefined) return { record, pending };
      // What is older than a change that was delivered, or is dead, was so before it.
      raise(documentId, version - 1);
      return null;
    },
  };
}
