import { type Actor, isAllowed } from '../policy.ts';
import { type Envelope } from './envelope.ts';

/** Whether an event is one for an actor: of a campaign that it may read, or, of none, its own. */
export function mayHear(actor: Actor, { metadata }: Envelope): boolean {
  if (metadata.campaign !== undefined) return isAllowed(actor, 'read', metadata.campaign.campaignId);
  return metadata.user?.userId === actor.userId;
}
