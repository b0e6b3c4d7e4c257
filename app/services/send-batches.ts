import { type DeliveryFailure } from '../hooks/effect.ts';

/** How much one request takes. */
export interface BatchLimits {
  readonly maxCount: number;
  readonly maxBytes: number;
}

/** Something that is sent for a change. */
export interface BatchItem {
  readonly changeId: string;
  readonly sizeBytes: number;
}

/** Puts items into as few batches as their order allows. One that is larger than a batch stands alone. */
export function splitIntoBatches<T extends BatchItem>(items: readonly T[], { maxCount, maxBytes }: BatchLimits): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let batchBytes = 0;
  for (const item of items) {
    if (batch.length > 0 && (batch.length === maxCount || batchBytes + item.sizeBytes > maxBytes)) {
      batches.push(batch);
      batch = [];
      batchBytes = 0;
    }
    batch.push(item);
    batchBytes += item.sizeBytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/**
 * Sends batches one after the other. After one that could not be sent at all the rest is not tried: it fails with the
 * same error. Gives what failed, by change id; throws that error when nothing was sent before it.
 *
 * @param send gives what failed of a batch, or throws when nothing of it was sent
 */
export async function sendBatches<T extends BatchItem>(
  batches: readonly (readonly T[])[],
  send: (batch: readonly T[]) => Promise<ReadonlyMap<string, DeliveryFailure>>,
): Promise<Map<string, DeliveryFailure>> {
  const failures = new Map<string, DeliveryFailure>();
  for (const [at, batch] of batches.entries()) {
    try {
      for (const [changeId, failure] of await send(batch)) failures.set(changeId, failure);
    } catch (error) {
      if (at === 0) throw error;
      const failure = { error: error instanceof Error ? error : new Error(String(error)) };
      for (const item of batches.slice(at).flat()) failures.set(item.changeId, failure);
      break;
    }
  }
  return failures;
}
