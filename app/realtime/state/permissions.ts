import { UnauthorizedError, ValidationError } from '../../../lib/errors.ts';
import { configSections, serverSections } from '../../../schemas/campaign-state.ts';
import { type Action, type Actor, isAllowed } from '../../policy.ts';
import { type StateOperation } from './operations.ts';

const configKeys: ReadonlySet<string> = new Set([...configSections, 'variants']);
const serverKeys: ReadonlySet<string> = new Set(serverSections);

/**
 * The actions that an operation needs: they follow the keys that it touches, through whatever request. Throws
 * `ValidationError` for one that touches what the service alone writes.
 */
export function selectActions(operation: StateOperation): Set<Action> {
  switch (operation.kind) {
    case 'update': {
      const keys = Object.keys(operation.updates);
      return new Set(keys.length === 0 ? ['state:update'] : keys.map(selectActionOnKey));
    }
    case 'feature':
      return new Set(['feature:update']);
    case 'config':
      return new Set(['config:update']);
    case 'rollback':
      return new Set(['update']);
    case 'batch':
      return new Set(operation.operations.flatMap(step => [...selectActions(step)]));
  }
}

function selectActionOnKey(key: string): Action {
  if (serverKeys.has(key)) throw new ValidationError([{ path: `/${key}`, message: 'is written by the service alone' }]);
  if (key === 'features') return 'feature:update';
  return configKeys.has(key) ? 'config:update' : 'state:update';
}

/** Lets an actor carry out an operation on a campaign's state. Throws `UnauthorizedError` and `ValidationError`. */
export function throwIfNotPermitted(actor: Actor | null, campaignId: string, operation: StateOperation): void {
  for (const action of selectActions(operation)) {
    if (!isAllowed(actor, action, campaignId)) throw new UnauthorizedError();
  }
}
