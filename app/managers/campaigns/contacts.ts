import { type ContactContent, type ContactWrite } from '../../../schemas/contact.ts';
import { type ManagerContext } from '../../context.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { authorize } from '../../policy.ts';
import { formatContact, insertContact } from '../contacts.ts';
import { type IdempotencyKey } from '../idempotency.ts';
import { selectCampaign } from './read.ts';
import { applyUpdate } from './update.ts';

type Context = ManagerContext<'campaigns' | 'contacts' | 'users' | 'changes'>;

/** Gives the contacts of a campaign, in their order; those that were deleted are left out. Needs `read`. */
export async function findContacts(
  ctx: ManagerContext<'campaigns' | 'contacts'>,
  campaignId: string,
): Promise<ContactContent[]> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'read', campaignId, campaign, () => new CampaignNotFoundError());
  const contacts = await ctx.datastore.contacts.findByIds(campaign.document.contacts ?? []);
  return contacts.map(contact => formatContact(ctx, contact));
}

/**
 * Makes a contact and adds it to a campaign. Needs `update`. A crash between the two leaves a contact that no campaign
 * names; a repeat under the same idempotency key completes it. Throws `ValidationError`, `IdempotencyKeyReusedError`.
 */
export async function addContact(
  ctx: Context,
  campaignId: string,
  body: ContactWrite,
  key?: IdempotencyKey,
): Promise<ContactContent> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'update', campaignId, campaign, () => new CampaignNotFoundError());
  const contact = await insertContact(ctx, body, key);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const { after } = await applyUpdate(
    ctx,
    campaignId,
    current => {
      const { contacts = [] } = current;
      return contacts.includes(contact._id) ? current : { ...current, contacts: [...contacts, contact._id] };
    },
    { by, cause: 'campaign.contacts' },
  );
  ctx.service.campaignCache.put(after);
  return formatContact(ctx, contact);
}
