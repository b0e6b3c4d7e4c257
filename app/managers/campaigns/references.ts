import { type ErrorDetail, UnauthorizedError } from '../../../lib/errors.ts';
import { type ManagerContext } from '../../context.ts';
import { InvalidCampaignError } from '../../errors.ts';
import { isAllowed } from '../../policy.ts';

type Context = ManagerContext<'campaigns' | 'contacts'>;

function selectIds(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/**
 * Checks the ids that a campaign is about to name: linked campaigns and contacts exist, none is linked to itself, and
 * whoever links campaigns may update each of them, as a change of schedule will.
 * Throws `InvalidCampaignError` and `UnauthorizedError`.
 */
export async function throwIfInvalidReferences(
  ctx: Context,
  campaignId: string | null,
  content: Readonly<Record<string, unknown>>,
): Promise<void> {
  const linked = selectIds(content['linkedCampaignIds']);
  const contacts = selectIds(content['contacts']);
  if (linked.length === 0 && contacts.length === 0) return;
  const faults: ErrorDetail[] = [];
  const check = (field: string, ids: readonly string[], existing: ReadonlySet<string>): void =>
    ids.forEach((id, at) => {
      if (!existing.has(id)) faults.push({ path: `/${field}/${at}`, message: 'does not exist' });
    });
  if (linked.length > 0) {
    if (campaignId !== null && linked.includes(campaignId)) {
      faults.push({ path: `/linkedCampaignIds/${linked.indexOf(campaignId)}`, message: 'is the campaign itself' });
    }
    if (!linked.every(id => isAllowed(ctx.actor, 'update', id))) {
      throw new UnauthorizedError('The token does not grant update on every linked campaign.');
    }
    check('linkedCampaignIds', linked, await ctx.datastore.campaigns.selectExisting(linked));
  }
  if (contacts.length > 0) check('contacts', contacts, await ctx.datastore.contacts.selectExisting(contacts));
  if (faults.length > 0) throw new InvalidCampaignError('The campaign names what does not exist.', { details: faults });
}
