import { type BulkResult, type Collection, type StoredDocument } from '../../app/datastore/store/collection.ts';
import { type Timer } from '../../app/datastore/deadline.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';

/**
 * What happens to one call of the store: it is answered; it fails unexecuted; it is executed and its answer is lost; it
 * fails and is executed later; its process dies before or after it is executed.
 */
export type Fault = 'none' | 'refused' | 'answerLost' | 'executedLate' | 'diesBefore' | 'diesAfter';

/** One decision of the schedule: which of the waiting steps comes next, and what happens to it. */
export interface Decision {
  readonly pick: number;
  readonly fault: Fault;
}

/** A process as the world knows it: when it is dead, none of its promises continues. */
export interface WorldProcess {
  dead: boolean;
}

/** The two states of a replica set that a collection has. */
export interface Replicated<T extends StoredDocument> {
  readonly primary: Collection<T>;
  readonly majority: Collection<T>;
}

type Method = (...args: unknown[]) => Promise<unknown>;

const READS: ReadonlySet<string | symbol> = new Set(['findOne', 'find', 'countDocuments', 'distinct', 'explain']);

interface Step {
  readonly readyAt: number;
  run(fault: Fault): void;
}

/** No call is under way for longer, in milliseconds of the world's time. */
export const MAX_DELAY_MS = 1000;
const STEP_MS = 1;
const WAIT_MS = 10;

/**
 * A world in which every store call, answer and pause is a step, and a list of decisions says in which order the steps
 * happen and which of them go wrong. The same decisions give the same history.
 */
export class FaultyWorld {
  nowMs = 0;
  /** The faults that happened, and how often. */
  readonly happened = new Map<Fault, number>();
  readonly #decisions: Decision[];
  readonly #steps: Step[] = [];
  readonly #replication: (() => void)[] = [];

  constructor(decisions: readonly Decision[]) {
    this.#decisions = [...decisions];
  }

  readonly clock = (): Date => new Date(Date.UTC(2026, 0, 1) + this.nowMs);

  /** Adds something that happens at some time, without faults. */
  plan(run: () => void): void {
    this.#steps.push({ readyAt: this.nowMs, run });
  }

  /** Nothing goes wrong from now on. */
  endFaults(): void {
    this.#decisions.length = 0;
  }

  /** Lets steps happen until none is left. */
  async run(): Promise<void> {
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      if (this.#steps.length === 0) return;
      const { pick, fault } = this.#decisions.pop() ?? { pick: 0, fault: 'none' };
      const overdue = this.#steps.findIndex(({ readyAt }) => this.nowMs - readyAt >= MAX_DELAY_MS);
      const [step] = this.#steps.splice(overdue === -1 ? pick % this.#steps.length : overdue, 1);
      this.nowMs += STEP_MS;
      step?.run(fault);
    }
  }

  timerOf(process: WorldProcess): Timer {
    return {
      now: () => this.nowMs,
      wait: () =>
        new Promise(resolve => {
          this.#answer(process, () => {
            this.nowMs += WAIT_MS;
            resolve();
          });
        }),
    };
  }

  /**
   * The collection as a process sees it: each call is a step, its answer another. Writes meet the newest state, as on
   * the primary of a replica set; reads show what its majority has. An answered change is part of that, others later.
   */
  collectionOf<T extends StoredDocument>(process: WorldProcess, { primary, majority }: Replicated<T>): Collection<T> {
    return new Proxy(primary, {
      get: (_, property) => {
        if (property === 'name') return primary.name;
        const call = (on: Collection<T>, args: unknown[]) => (Reflect.get(on, property) as Method)(...args);
        if (READS.has(property)) return (...args: unknown[]) => this.#call(process, () => call(majority, args));
        return (...args: unknown[]) =>
          this.#call(process, async () => {
            const result = await call(primary, args);
            this.#replication.push(() => void call(majority, args));
            this.plan(() => this.#replicate());
            return result;
          });
      },
    });
  }

  #replicate(): void {
    for (const operation of this.#replication.splice(0)) operation();
  }

  #call(process: WorldProcess, execute: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (process.dead) return;
      const fail = (): void => this.#answer(process, () => reject(new ServiceUnavailableError('store')));
      const run = (fault: Fault): void => {
        // A request of a process that died meanwhile may still arrive.
        const happening = process.dead && fault !== 'refused' ? 'none' : fault;
        this.happened.set(happening, (this.happened.get(happening) ?? 0) + 1);
        if (happening === 'diesBefore' || happening === 'diesAfter') process.dead = true;
        if (happening === 'none') {
          execute().then(
            value => {
              if (!isUnchanged(value)) this.#replicate();
              this.#answer(process, () => resolve(value));
            },
            (error: Error) => this.#answer(process, () => reject(error)),
          );
          return;
        }
        const ignore = (): void => undefined;
        if (happening === 'executedLate') this.plan(() => void execute().catch(ignore));
        if (happening === 'answerLost' || happening === 'diesAfter') execute().catch(ignore);
        fail();
      };
      this.#steps.push({ readyAt: this.nowMs, run });
    });
  }

  #answer(process: WorldProcess, deliver: () => void): void {
    this.#steps.push({
      readyAt: this.nowMs,
      run: () => {
        if (!process.dead) deliver();
      },
    });
  }
}

/** Whether the answer of a call is that of a write which found nothing to change. */
function isUnchanged(answer: unknown): boolean {
  const { matchedCount, insertedCount = 0, deletedCount = 0 } = (answer ?? {}) as Partial<BulkResult>;
  return answer === 0 || (matchedCount === 0 && insertedCount + deletedCount === 0);
}
