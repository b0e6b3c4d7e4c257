import { type CampaignState } from '../../../app/datastore/state-fold.ts';
import { type HistoryRequest } from './history.ts';

/** The parts of a state that the service alone writes. */
const OWN = ['campaign', 'markets'];

/**
 * Says what a write should make of a state, by the protocol's words and without the service's code. `selectState` gives the
 * state at a version. Undefined for a request that writes nothing.
 */
export function selectExpectedState(
  { type, payload }: HistoryRequest,
  before: CampaignState,
  selectState: (version: number) => CampaignState | undefined,
): CampaignState | undefined {
  switch (type.split(':')[1]) {
    case 'update':
      return merge(before, payload['updates']);
    case 'config':
      return merge(before, { [payload['configType'] as string]: payload['config'] });
    case 'feature':
      return { ...before, features: changeFeatures(before['features'], payload) };
    case 'batch':
      return (payload['operations'] as Record<string, unknown>[]).reduce<CampaignState | undefined>(
        (state, { kind, ...step }) =>
          state &&
          selectExpectedState({ type: `campaign:${String(kind)}`, eventId: '', payload: step }, state, selectState),
        before,
      );
    case 'rollback': {
      const target = selectState(payload['toVersion'] as number) ?? {};
      const kept = (state: CampaignState, isOwn: boolean) =>
        Object.entries(state).filter(([key]) => OWN.includes(key) === isOwn);
      return Object.fromEntries([...kept(target, false), ...kept(before, true)]);
    }
    case undefined:
    default:
      return undefined;
  }
}

/** A merge patch as RFC 7396 has it, written down a second time. */
export function merge(target: unknown, patch: unknown): CampaignState {
  if (!isObject(patch)) return patch as CampaignState;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merge(result[key], value);
  }
  return result;
}

function changeFeatures(current: unknown, { action, features }: HistoryRequest['payload']): string[] {
  const given = features as string[];
  const present = Array.isArray(current) ? (current as string[]) : [];
  if (action === 'set') return [...new Set(given)];
  if (action === 'remove') return present.filter(feature => !given.includes(feature));
  return [...new Set([...present, ...given])];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
