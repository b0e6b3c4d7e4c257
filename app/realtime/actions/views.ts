import { type Actor, isAllowed } from '../../policy.ts';
import { type SelectView } from '../campaign-feed.ts';
import { type StateView } from '../state-frames.ts';
import { selectVariant } from '../state/variants.ts';

const RAW: StateView = { isRaw: true };

/** Whether an actor works on the variants themselves, and so sees the state as it is. */
export function seesVariants(actor: Actor, campaignId: string): boolean {
  return isAllowed(actor, 'config:update', campaignId);
}

/** Gives what says how an actor sees the states of a campaign. `segment` is the variant that it asks for. */
export function createViewSelector(campaignId: string, actor: Actor, segment: string | undefined): SelectView {
  if (segment === undefined && seesVariants(actor, campaignId)) return () => RAW;
  return state => {
    const isVaried = Object.keys((state['variants'] as object | undefined) ?? {}).length > 0;
    if (!isVaried) return RAW;
    return { isRaw: false, key: selectVariant(campaignId, state, { segment, userId: actor.userId }) };
  };
}
