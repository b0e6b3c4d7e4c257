import { type ServiceError } from '../../lib/errors.ts';
import { DuplicateKeyError } from './store/collection.ts';

/** The unique indexes of a collection and the error of the domain that each stands for. */
export type Conflicts = Readonly<Record<string, () => ServiceError>>;

/** Turns a refusal of a unique index into the conflict that it stands for, with the refusal as its cause. */
export async function withConflicts<R>(conflicts: Conflicts, write: Promise<R>): Promise<R> {
  try {
    return await write;
  } catch (error) {
    const conflict = error instanceof DuplicateKeyError ? conflicts[error.index]?.() : undefined;
    if (conflict === undefined) throw error;
    conflict.cause = error;
    throw conflict;
  }
}
