import { type Redis } from 'ioredis';
import { type RedisConnection } from './connection.ts';

/** Sends to Redis what others may hear: as soon as it can, and at most once. */
export interface Publisher<T> {
  /** Takes what is to be sent, in the place of what waits under the same key. Never waits, never throws. */
  publish(key: string, item: T): void;
}

export interface PublisherOptions<T> {
  readonly connection: RedisConnection;
  /** Sends a batch, by one command. */
  readonly send: (client: Redis, batch: readonly T[]) => Promise<unknown>;
  readonly onSent: (batch: readonly T[]) => void;
  /** Told of what is lost: Redis is away, or more waits than may. */
  readonly onDropped: (batch: readonly T[]) => void;
  /** How large an item is, in bytes or so; 0 when left out. */
  readonly measure?: (item: T) => number;
  /** Gives the least that is worth telling of an item for which there is no room. */
  readonly shrink?: (item: T) => T;
  readonly limits?: Partial<PublisherLimits>;
}

export interface PublisherLimits {
  /** How many may wait (1,000), … */
  readonly waiting: number;
  /** … of how many bytes (4 MiB). */
  readonly waitingBytes: number;
  /** How many go together (128). */
  readonly batch: number;
}

const LIMITS: PublisherLimits = { waiting: 1_000, waitingBytes: 4 * 1024 * 1024, batch: 128 };

/**
 * Makes a publisher. One batch is on its way at a time: the busier it is, the more goes together, and a server that hangs
 * holds no more than what may wait.
 */
export function createPublisher<T>(options: PublisherOptions<T>): Publisher<T> {
  const { connection, send, onSent, onDropped, measure = () => 0, shrink = item => item } = options;
  const limits = { ...LIMITS, ...options.limits };
  const waiting = new Map<string, T>();
  let waitingBytes = 0;
  let isSending = false;

  const take = (): T[] => {
    const batch: T[] = [];
    for (const [key, item] of waiting) {
      if (batch.length === limits.batch) break;
      waiting.delete(key);
      waitingBytes -= measure(item);
      batch.push(item);
    }
    return batch;
  };

  const run = async (): Promise<void> => {
    // What is told in the same turn goes together.
    await Promise.resolve();
    while (waiting.size > 0) {
      const batch = take();
      try {
        await connection.run(client => send(client, batch));
        onSent(batch);
      } catch {
        onDropped(batch);
      }
    }
    isSending = false;
  };

  return {
    publish(key, given) {
      const held = waiting.get(key);
      const others = waitingBytes - (held === undefined ? 0 : measure(held));
      const item = others + measure(given) <= limits.waitingBytes ? given : shrink(given);
      const bytes = others + measure(item);
      const isRoom = bytes <= limits.waitingBytes && (held !== undefined || waiting.size < limits.waiting);
      if (!connection.isAnswering || !isRoom) return onDropped([item]);
      waiting.set(key, item);
      waitingBytes = bytes;
      if (isSending) return;
      isSending = true;
      void run();
    },
  };
}
