import { type Logger } from '../../../lib/log.ts';
import { type Lease, type Locks } from '../../datastore/locks.ts';

/** The time in which this instance alone delivers to an effect. */
export interface Term {
  /** Whether there is enough left of the lease to begin something. */
  isHeld(): boolean;
  /** Aborts when the lease is lost or nearly over: whatever is being sent must end. */
  readonly signal: AbortSignal;
  /** Takes or prolongs the lease when it is time to. Says whether a new term began. Never throws. */
  keep(): Promise<boolean>;
  /** Gives the lease back. Never throws. */
  end(): Promise<void>;
}

export interface TermDependencies {
  readonly locks: Pick<Locks, 'acquire' | 'renew' | 'release'>;
  readonly name: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly clock: () => Date;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
}

/** Sending ends when this share of the lease is left, which clocks may differ by. */
const MARGIN = 0.2;
const RENEWAL = 2 / 3;

/** Gives the terms of one lease, one after the other. */
export function createTerm({ locks, name, owner, leaseMs, clock, log }: TermDependencies): Term {
  let lease: Lease | null = null;
  let controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  const leftMs = (): number => (lease === null ? 0 : lease.expiresAt.getTime() - clock().getTime());

  const lose = (): void => {
    clearTimeout(timer);
    lease = null;
    controller.abort(new Error('The lease is over.'));
  };

  const hold = (held: Lease): void => {
    lease = held;
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error('The lease is nearly over.')), leftMs() - leaseMs * MARGIN);
    timer.unref();
  };

  return {
    isHeld: () => !controller.signal.aborted && leftMs() > leaseMs * MARGIN,
    get signal() {
      return controller.signal;
    },
    async keep() {
      try {
        if (lease !== null) {
          // An aborted term is over, even if its lease could still be prolonged: what was being sent was cut off.
          if (controller.signal.aborted) {
            await locks.release(lease);
            lose();
          } else if (leftMs() <= leaseMs * RENEWAL) {
            const renewed = await locks.renew(lease, leaseMs);
            if (renewed === null) lose();
            else hold(renewed);
          }
        }
        if (lease !== null) return false;
        const acquired = await locks.acquire(name, owner, leaseMs);
        if (acquired === null) return false;
        controller = new AbortController();
        hold(acquired);
        log.debug('deliveries.leaseTaken', { lease: name, token: acquired.token });
        return true;
      } catch (error) {
        log.warn('deliveries.leaseNotKept', { lease: name, error });
        return false;
      }
    },
    async end() {
      const held = lease;
      lose();
      try {
        if (held !== null) await locks.release(held);
      } catch (error) {
        log.warn('deliveries.leaseNotReleased', { lease: name, error });
      }
    },
  };
}
