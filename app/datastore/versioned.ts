import { randomUUID } from 'node:crypto';
import { ServiceUnavailableError, VersionMismatchError } from '../../lib/errors.ts';
import { isId } from '../../lib/ids.ts';
import { createKeyedQueue } from '../../lib/keyed-queue.ts';
import { type ChangeDescription, type Changes, type Outbox, type PendingChange } from './changes.ts';
import { startDeadline, systemTimer, type Deadline, type Timer } from './deadline.ts';
import {
  createDiff,
  hasFieldChanges,
  redactPaths,
  selectContent,
  selectFieldChanges,
  type FieldChanges,
} from './diff.ts';
import {
  DuplicateKeyError,
  type Collection,
  type Filter,
  type IndexSpec,
  type StoredDocument,
  type Update,
} from './store/collection.ts';

/** A document whose changes are recorded. */
export interface VersionedDocument extends StoredDocument {
  /** Counts the changes of what the API shows, from 1. */
  readonly version: number;
  /** The last change, as long as nobody has copied it to `changes`. */
  readonly pendingChange?: PendingChange;
  /** Marks what is left of a deleted document until it goes. */
  readonly deleted?: true;
}

/** What a writer gives for a new document: everything but version and bookkeeping. */
export type NewDocument<T extends VersionedDocument> = Omit<T, 'version' | 'pendingChange' | 'deleted'>;

/** The index that each versioned collection needs: it holds only documents whose change is not recorded yet. */
export const pendingChangeIndex: IndexSpec = { name: 'pendingChange_at', key: { 'pendingChange.at': 1 }, sparse: true };

/** Selects documents that are not deleted; every list query of a versioned collection carries it. */
export const notDeleted: Filter = { deleted: { $exists: false } };

export interface WriteOptions {
  /** Ends the attempts early. */
  readonly signal?: AbortSignal;
  /** How long to go on while other writers come first or the outcome is unknown; the collection's own default when left out. */
  readonly deadlineMs?: number;
}

export interface InsertOptions<T> extends WriteOptions {
  readonly describeChange: (after: T) => ChangeDescription;
}

export interface UpdateOptions<T> extends WriteOptions {
  /** The version that the caller has seen; another one is a `VersionMismatchError`. */
  readonly expectedVersion?: number | readonly number[];
  /** Adds what goes with every change and is none by itself (`date.updated`, who it was); called only when something changed. */
  readonly stamp?: (next: T, at: Date) => T;
  readonly describeChange: (before: T, after: T) => ChangeDescription;
}

export interface RemoveOptions<T> extends WriteOptions {
  readonly expectedVersion?: number | readonly number[];
  readonly describeChange: (before: T) => ChangeDescription;
}

export interface UpdateOutcome<T> {
  readonly before: T;
  readonly after: T;
  /** Absent when nothing changed and nothing was written. */
  readonly changeId?: string;
}

export interface RemoveOutcome<T> {
  readonly before: T;
  /** The version that the deletion made. */
  readonly version: number;
  readonly changeId: string;
}

/**
 * Documents with their change record: a write and its change are one write to one document, so neither comes without
 * the other. Writes throw `TimeoutError` when the deadline passes (its message says whether the write is undecided),
 * `DuplicateKeyError` when a unique index refuses, and `ServiceUnavailableError` only when nothing was written.
 */
export interface VersionedCollection<T extends VersionedDocument> {
  /** Null when there is no such document, it is deleted, or the id is ill-formed. */
  findById(id: string): Promise<T | null>;
  /** Inserts a document at version 1. An id that was deleted before is a `DuplicateKeyError` on `_id` when the change has an idempotency key. */
  insert(document: NewDocument<T>, options: InsertOptions<T>): Promise<T>;
  /**
   * Applies a pure function to the current document and writes what it changed; null when there is none. It is applied
   * again after a lost race, and what it throws is thrown. Fields it leaves out are removed.
   */
  update(
    id: string,
    apply: (current: T) => T | Promise<T>,
    options: UpdateOptions<T>,
  ): Promise<UpdateOutcome<T> | null>;
  /** Deletes a document; null when there is none. Its remainder, which only holds the change, goes once that is recorded. */
  remove(id: string, options: RemoveOptions<T>): Promise<RemoveOutcome<T> | null>;
}

export interface VersionedCollectionDependencies<T extends VersionedDocument> {
  readonly collection: Collection<T>;
  readonly changes: Pick<Changes, 'findByVersion'>;
  readonly outbox: Outbox;
  readonly clock: () => Date;
  /** Paths (dotted, through arrays) of values that changes must not show. */
  readonly redact?: readonly string[];
  /** Whether a string can be an id of this collection; 24 hex digits unless told. */
  readonly isId?: (id: string) => boolean;
  /** 10 s unless told. */
  readonly deadlineMs?: number;
  readonly timer?: Timer;
}

interface Plan {
  readonly update: Update;
  readonly change: PendingChange;
}

const UNWRITTEN = 'The deadline passed while other writers of the document came first. Nothing was written.';

/** Gives a collection whose every change is recorded (see `VersionedCollection`). */
export function createVersionedCollection<T extends VersionedDocument>({
  collection,
  changes,
  outbox,
  clock,
  redact = [],
  isId: isOwnId = isId,
  deadlineMs = 10_000,
  timer = systemTimer,
}: VersionedCollectionDependencies<T>): VersionedCollection<T> {
  const queue = createKeyedQueue();
  const { name } = collection;

  const start = (options: WriteOptions): Deadline =>
    startDeadline(options.deadlineMs ?? deadlineMs, { timer, signal: options.signal });

  const findById = async (id: string): Promise<T | null> => {
    if (!isOwnId(id)) return null;
    const document = await collection.findOne({ _id: id });
    return document === null || document.deleted === true ? null : document;
  };

  /** Whether a version of a document came from this very change; throws while the database does not show where it came from. */
  const isWritten = async (id: string, { id: changeId, version }: PendingChange): Promise<boolean> => {
    const document = await collection.findOne({ _id: id });
    const pending = document?.version === version ? document.pendingChange : undefined;
    if (pending !== undefined) return pending.id === changeId;
    // The document went on, or its change was taken from it: either way the change is recorded first.
    const record = await changes.findByVersion(id, version);
    if (record === null) throw new UndecidedError(name, id);
    return record._id === changeId;
  };

  const writeGuarded = (current: T, { update, change }: Plan, deadline: Deadline): Promise<boolean> =>
    untilDecided(deadline, async isRepeated => {
      const { matchedCount } = await collection.updateOne({ _id: current._id, version: current.version }, update);
      return matchedCount > 0 || (isRepeated && (await isWritten(current._id, change)));
    });

  const writeNew = (document: T, change: PendingChange, deadline: Deadline): Promise<boolean> =>
    untilDecided(deadline, async isRepeated => {
      // A repeat must not bring back what another writer has deleted meanwhile.
      if (isRepeated && (await changes.findByVersion(document._id, 1))?._id === change.id) return true;
      try {
        await collection.insertOne(document);
      } catch (error) {
        const mayBeOwn = isRepeated && error instanceof DuplicateKeyError && error.index === '_id';
        if (!mayBeOwn || !(await isWritten(document._id, change))) throw error;
      }
      return true;
    });

  /** Reads, plans and writes until the write was the first to follow what it had read. */
  const change = async (
    id: string,
    options: WriteOptions & { readonly expectedVersion?: number | readonly number[] },
    plan: (current: T) => Plan | null | Promise<Plan | null>,
  ): Promise<{ readonly before: T; readonly plan: Plan | null } | null> => {
    const deadline = start(options);
    return queue.run(id, async () => {
      for (let attempt = 0; ; attempt++) {
        deadline.throwIfPassed(UNWRITTEN);
        const before = await findById(id);
        if (before === null) return null;
        if (options.expectedVersion !== undefined && !isExpected(options.expectedVersion, before.version)) {
          throw new VersionMismatchError(before.version);
        }
        const planned = await plan(before);
        if (planned === null) return { before, plan: null };
        // The write takes the place of the last change, which must be safe elsewhere by then.
        if (before.pendingChange !== undefined) {
          await outbox.ensureRecorded({ collection: name, documentId: id, change: before.pendingChange });
        }
        if (await writeGuarded(before, planned, deadline)) {
          outbox.enqueue({ collection: name, documentId: id, change: planned.change });
          return { before, plan: planned };
        }
        await deadline.pause(attempt, 1, 20);
      }
    });
  };

  const createPlan = (pendingChange: PendingChange, { set, unset }: FieldChanges, deleted?: true): Plan => ({
    change: pendingChange,
    update: {
      $set: { ...set, version: pendingChange.version, pendingChange, ...(deleted && { deleted }) },
      ...(unset.length > 0 && { $unset: Object.fromEntries(unset.map(field => [field, ''])) }),
    },
  });

  return {
    findById,

    async insert(document, options) {
      const deadline = start(options);
      const content = selectContent(document);
      const after = { _id: document._id, ...content, version: 1 } as unknown as T;
      const pendingChange: PendingChange = {
        id: randomUUID(),
        version: 1,
        at: clock(),
        ...options.describeChange(after),
        diff: createDiff({}, { set: content, unset: [] }, redact),
      };
      // An id that is derived from the key outlives its document: the versions of a second life would collide with the first's.
      if (pendingChange.idempotencyKey !== undefined && (await changes.findByVersion(document._id, 1)) !== null) {
        throw new DuplicateKeyError(name, '_id');
      }
      const stored: T = { ...after, pendingChange };
      await writeNew(stored, pendingChange, deadline);
      outbox.enqueue({ collection: name, documentId: document._id, change: pendingChange });
      return stored;
    },

    async update(id, apply, options) {
      let after: T | undefined;
      const outcome = await change(id, options, async before => {
        const at = clock();
        let next = await apply(before);
        if (next === before || !hasFieldChanges(fields(before), fields(next))) return null;
        if (options.stamp !== undefined) next = options.stamp(next, at);
        const changed = selectFieldChanges(fields(before), fields(next));
        if (changed === null) return null;
        const version = before.version + 1;
        const description = options.describeChange(before, next);
        const diff = createDiff(fields(before), changed, redact);
        const pendingChange: PendingChange = { id: randomUUID(), version, at, ...description, diff };
        after = { ...next, _id: before._id, version, pendingChange };
        return createPlan(pendingChange, changed);
      });
      if (outcome === null) return null;
      const { before, plan } = outcome;
      return plan === null || after === undefined
        ? { before, after: before }
        : { before, after, changeId: plan.change.id };
    },

    async remove(id, options) {
      const outcome = await change(id, options, before => {
        const content = selectContent(before);
        const pendingChange: PendingChange = {
          id: randomUUID(),
          version: before.version + 1,
          at: clock(),
          ...options.describeChange(before),
          // The content says it all; as a diff it would be there twice.
          diff: { before: {}, after: {} },
          content: redactPaths(content, redact),
        };
        return createPlan(pendingChange, { set: {}, unset: Object.keys(content) }, true);
      });
      if (outcome === null || outcome.plan === null) return null;
      const { before, plan } = outcome;
      return { before, version: plan.change.version, changeId: plan.change.id };
    },
  };
}

/** What the database shows is older than the state that refused a write. */
class UndecidedError extends Error {
  override readonly name = 'UndecidedError';

  constructor(collection: string, id: string) {
    super(`Reads do not show yet who wrote ${collection}/${id}.`);
  }
}

function isExpected(expected: number | readonly number[], version: number): boolean {
  return typeof expected === 'number' ? expected === version : expected.includes(version);
}

/** Repeats an identical write until the database has said whether it was done. */
async function untilDecided(deadline: Deadline, write: (isRepeated: boolean) => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write(attempt > 0);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableError || error instanceof UndecidedError)) throw error;
      deadline.throwIfPassed(undefined, error);
      await deadline.pause(attempt, 20, 500);
    }
  }
}

function fields(document: VersionedDocument): Readonly<Record<string, unknown>> {
  return document as unknown as Readonly<Record<string, unknown>>;
}
