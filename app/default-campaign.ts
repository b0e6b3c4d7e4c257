import { deriveId } from '../lib/ids.ts';
import { type Config } from '../config/schema.ts';
import { type ManagerContext } from './context.ts';
import { type CampaignDocument } from './datastore/campaign-document.ts';
import { CampaignNameConflictError, IdentifierConflictError } from './errors.ts';
import { campaignManager } from './managers/campaigns/manager.ts';
import { TEMPLATE } from './realtime/create-states.ts';
import { readTemplate } from './realtime/state/initial-state.ts';

/** Gives the id of the default campaign that the service makes: all instances make the same one. */
function selectDefaultCampaignId(identifier: string): string {
  return deriveId('default campaign', identifier);
}

/** Whether a campaign was made by the service itself, as the default one. */
export function isDefaultCampaign({ _id, identifier }: Pick<CampaignDocument, '_id' | 'identifier'>): boolean {
  return _id === selectDefaultCampaignId(identifier);
}

/** Makes the default campaign where the configuration asks for it. Throws when the template of states cannot be read, and as managers do. */
export async function prepareDefaultCampaign({ state }: Config, ctx: ManagerContext): Promise<void> {
  if (!state.enabled || !state.createDefaultCampaign) return;
  const { title } = await readTemplate(TEMPLATE);
  const name = typeof title === 'string' && title !== '' ? title : 'Default campaign';
  await createDefaultCampaign(ctx, { identifier: state.defaultCampaign, name });
}

/**
 * Makes the default campaign, a DRAFT, where no campaign has its identifier: what clients call 0 is there from the first
 * start on. Instances that start at once make one. A campaign that has the name stays alone with it.
 * Says whether there is a default campaign now.
 */
export async function createDefaultCampaign(
  ctx: ManagerContext,
  { identifier, name }: { readonly identifier: string; readonly name: string },
): Promise<boolean> {
  if ((await ctx.datastore.campaigns.findIdByIdentifier(identifier)) !== null) return true;
  const documentId = selectDefaultCampaignId(identifier);
  try {
    const key = { key: 'default campaign', documentId, bodyHash: 'default campaign' };
    await campaignManager.create(ctx, { name, identifier }, key);
    ctx.log.info('defaultCampaign.created', { campaignId: documentId, identifier });
    return true;
  } catch (error) {
    // Somebody was quicker.
    if (error instanceof IdentifierConflictError) return true;
    if (!(error instanceof CampaignNameConflictError)) throw error;
    ctx.log.warn('defaultCampaign.missing', { identifier, name, error });
    return false;
  }
}
