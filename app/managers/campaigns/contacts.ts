import { campaignWritable } from '../../../schemas/campaign.ts';
import { type ContactContent, type ContactWrite } from '../../../schemas/contact.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { CampaignNotFoundError, InvalidCampaignError } from '../../errors.ts';
import { authorize } from '../../policy.ts';
import { formatContact, insertContact } from '../contacts.ts';
import { type IdempotencyKey } from '../idempotency.ts';
import { type ReadOptions, selectCampaign, selectReadable } from './read.ts';
import { applyUpdate } from './update.ts';

type Context = ManagerContext<'campaigns' | 'contacts' | 'users' | 'changes'>;

/** Gives the contacts of a campaign, in their order; those that were deleted are left out. Needs `read`. */
export async function findContacts(
  ctx: ManagerContext<'campaigns' | 'contacts' | 'attempts'>,
  campaignId: string,
  { password }: Pick<ReadOptions, 'password'> = {},
): Promise<ContactContent[]> {
  const { document } = await selectReadable(ctx, campaignId, password);
  const contacts = await ctx.datastore.contacts.findByIds(document.contacts ?? []);
  return contacts.map(contact => formatContact(ctx, contact));
}

/** Throws `InvalidCampaignError` when a campaign has as many contacts as it may. */
function throwIfFull({ contacts = [] }: CampaignDocument): void {
  const { maxItems } = campaignWritable.contacts;
  if (contacts.length < maxItems) return;
  const message = `A campaign has at most ${maxItems} contacts.`;
  throw new InvalidCampaignError(message, { details: [{ path: '/contacts', message: 'is full' }] });
}

/**
 * Makes a contact and adds it to a campaign. Needs `update`. A crash between the two leaves a contact that no campaign
 * names; a repeat under the same idempotency key completes it.
 * Throws `ValidationError`, `IdempotencyKeyReusedError`, `InvalidCampaignError`.
 */
export async function addContact(
  ctx: Context,
  campaignId: string,
  body: ContactWrite,
  key?: IdempotencyKey,
): Promise<ContactContent> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'update', campaignId, campaign, () => new CampaignNotFoundError());
  // What was added under the key before is there already, also when the campaign is full by now.
  if (key === undefined || campaign.document.contacts?.includes(key.documentId) !== true)
    throwIfFull(campaign.document);
  const contact = await insertContact(ctx, body, key);
  // A repeat gives a contact that was deleted since once more; no campaign is to name it again.
  if (key !== undefined && (await ctx.datastore.contacts.findById(contact._id)) === null) {
    return formatContact(ctx, contact);
  }
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const { after } = await applyUpdate(
    ctx,
    campaignId,
    current => {
      const { contacts = [] } = current;
      if (contacts.includes(contact._id)) return current;
      throwIfFull(current);
      return { ...current, contacts: [...contacts, contact._id] };
    },
    { by, cause: 'campaign.contacts' },
  );
  ctx.service.campaignCache.put(after);
  return formatContact(ctx, contact);
}
