import * as campaignErrors from '../../app/errors.ts';
import * as stateErrors from '../../app/realtime/state/errors.ts';
import * as generalErrors from '../../lib/errors.ts';

type ErrorClass = new (input: readonly never[]) => { readonly type?: string; readonly status?: number };

/** Every type of error that the code has, with its HTTP status: taken from the classes themselves. */
export function listErrorTypes(): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  for (const exported of [
    ...Object.values(generalErrors),
    ...Object.values(campaignErrors),
    ...Object.values(stateErrors),
  ]) {
    // An empty list is an input that every constructor takes: a message, details, allowed methods, a number.
    const { type, status } = new (exported as unknown as ErrorClass)([]);
    // The abstract base has neither.
    if (type !== undefined && status !== undefined) types.set(type, status);
  }
  return types;
}
