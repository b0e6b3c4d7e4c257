import { type ChangeRecord, type ChangeSource, type EffectName } from '../datastore/changes.ts';

/** Why a change was not delivered. */
export interface DeliveryFailure {
  readonly error: Error;
  /** Trying again is of no use (the target refuses this very change): it is dead at once. */
  readonly isFinal?: boolean;
  /** The target is up and refuses this change for now: others may pass. */
  readonly isRefusal?: boolean;
  /** How long the target asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** What follows a change outside the database: one target, and how it is reached. */
export interface Effect {
  readonly name: EffectName;
  /** How many changes `perform` takes at once. */
  readonly batchSize: number;
  /** How often a change is tried before it is dead. */
  readonly attempts: number;
  /** Full jitter: the n-th wait is a random part of `min(maxMs, baseMs * 2 ** n)`. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /**
   * Of changes that ask for the effect, the ids of those that it has something to do for; all of them when left out. It is
   * asked after a change was written and before it is recorded.
   */
  selectConcerned?(sources: readonly ChangeSource[]): Promise<ReadonlySet<string>>;
  /**
   * Delivers changes, of which no two are of one document; a document's older changes were delivered, or are dead,
   * before its newer ones come. Gives what failed, by change id; throws when nothing is known to be delivered. Ends
   * early by the signal. A change may come again although it was delivered.
   */
  perform(changes: readonly ChangeRecord[], signal: AbortSignal): Promise<ReadonlyMap<string, DeliveryFailure>>;
}
