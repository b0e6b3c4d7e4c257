import { type ErrorDetail, UnauthorizedError } from '../../../lib/errors.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { InvalidCampaignError } from '../../errors.ts';
import { isAllowed } from '../../policy.ts';

type Context = ManagerContext<'campaigns' | 'contacts'>;

function selectIds(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/**
 * Checks the ids that a campaign is about to name: linked campaigns and contacts exist, none is linked to itself, and
 * whoever links campaigns may update each of them, as a change of schedule will. A contact can be read by whoever may
 * read a campaign that names it, so only who may read every contact may name one that was made elsewhere. What the
 * campaign names already is let pass, so that a campaign that was read can be edited and sent back.
 * Throws `InvalidCampaignError` and `UnauthorizedError`.
 *
 * @param stored the campaign as it is; null for one that is being made
 */
export async function throwIfInvalidReferences(
  ctx: Context,
  stored: Pick<CampaignDocument, '_id' | 'linkedCampaignIds' | 'contacts'> | null,
  content: Readonly<Record<string, unknown>>,
): Promise<void> {
  const wanted = {
    linkedCampaignIds: selectIds(content['linkedCampaignIds']),
    contacts: selectIds(content['contacts']),
  };
  const selectNew = (field: keyof typeof wanted): string[] =>
    wanted[field].filter(id => !(stored?.[field] ?? []).includes(id));
  const linked = selectNew('linkedCampaignIds');
  const contacts = selectNew('contacts');
  if (linked.length === 0 && contacts.length === 0) return;
  const faults: ErrorDetail[] = [];
  const tell = (field: keyof typeof wanted, id: string, message: string): void =>
    void faults.push({ path: `/${field}/${wanted[field].indexOf(id)}`, message });
  const check = (field: keyof typeof wanted, ids: readonly string[], existing: ReadonlySet<string>): void => {
    for (const id of ids) if (!existing.has(id)) tell(field, id, 'does not exist');
  };
  if (linked.length > 0) {
    if (stored !== null && linked.includes(stored._id)) tell('linkedCampaignIds', stored._id, 'is the campaign itself');
    if (!linked.every(id => isAllowed(ctx.actor, 'update', id))) {
      throw new UnauthorizedError('The token does not grant update on every linked campaign.');
    }
    check('linkedCampaignIds', linked, await ctx.datastore.campaigns.selectExisting(linked));
  }
  if (contacts.length > 0) {
    if (ctx.actor?.supreme !== true) {
      throw new UnauthorizedError('Only a supreme user names contacts by id; others make them for the campaign.');
    }
    check('contacts', contacts, await ctx.datastore.contacts.selectExisting(contacts));
  }
  if (faults.length > 0) throw new InvalidCampaignError('The campaign names what does not exist.', { details: faults });
}
