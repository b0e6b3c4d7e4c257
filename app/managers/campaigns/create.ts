import { randomBytes } from 'node:crypto';
import slugify from '@sindresorhus/slugify';
import { createId } from '../../../lib/ids.ts';
import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { IdentifierConflictError } from '../../errors.ts';
import { throwIfNotSupreme } from '../../policy.ts';
import { type CachedCampaign } from '../../services/campaign-cache.ts';
import { createOnce, type IdempotencyKey, type IdempotencyRecord } from '../idempotency.ts';
import { describeCampaignChange } from './change.ts';
import { throwIfInvalidReferences } from './references.ts';
import { finishCampaign } from './content.ts';
import { reviveCampaign, throwIfInvalidSchema } from './validation.ts';

type Context = ManagerContext<'campaigns' | 'contacts' | 'users' | 'changes'>;

const defaults = { type: 'registration', schema: { version: 2 } } as const;

/** Makes a slug from a name; random characters follow when the plain one is taken. */
function createIdentifier(name: string, isTaken: boolean): string {
  const slug = slugify(name).slice(0, 100).replace(/-+$/, '');
  return slug === '' || isTaken ? [slug, randomBytes(4).toString('hex')].filter(part => part !== '').join('-') : slug;
}

/**
 * Makes a campaign, as a DRAFT. Only for supreme users. With an idempotency key a repeat gives the campaign again.
 * Throws `UnauthorizedError`, `ValidationError`, `IdempotencyKeyReusedError`, the errors of `throwIfInvalidCampaign`,
 * and the conflicts of domain and name.
 */
export async function create(
  ctx: Context,
  body: Readonly<Record<string, unknown>>,
  key?: IdempotencyKey,
): Promise<CachedCampaign> {
  throwIfNotSupreme(ctx.actor);
  const { status: _draft, ...written }: Record<string, unknown> = { ...defaults, ...body };
  throwIfInvalidSchema('campaignDraft', written);
  const { password, ...campaign } = written;
  const by = await ctx.datastore.users.selectReference(ctx.actor);

  // The rules are part of the insert: what has been made once is given again, whatever became since of what it names.
  const insert = async (
    id = createId(),
    idempotency?: IdempotencyRecord,
    isTaken = false,
  ): Promise<CampaignDocument> => {
    await throwIfInvalidReferences(ctx, null, written);
    const hash = password === undefined ? undefined : await ctx.service.passwords.hash(password);
    const identifier = campaign.identifier ?? createIdentifier(campaign.name, isTaken);
    const content = createContent({ ...campaign, identifier }, { id, at: ctx.clock(), by });
    try {
      return await ctx.datastore.campaigns.insert(
        { ...content, ...(hash !== undefined && { password: hash }), ...(idempotency && { idempotency }) },
        {
          signal: ctx.signal,
          describeChange: after =>
            describeCampaignChange(ctx, { before: null, after, by, ...(key && { idempotencyKey: key.key }) }),
        },
      );
    } catch (error) {
      if (!(error instanceof IdentifierConflictError) || campaign.identifier !== undefined || isTaken) throw error;
      return insert(id, idempotency, true);
    }
  };
  const document = await createOnce(ctx, { key, find: id => ctx.datastore.campaigns.findById(id), insert });
  return ctx.service.campaignCache.put(document);
}

/** Makes the first content of a campaign from what a client wrote. Throws the errors of `throwIfInvalidCampaign`. */
export function createContent(
  written: CampaignWrite & { readonly identifier: string },
  { id, at, by }: { readonly id: string; readonly at: Date; readonly by: string },
): Omit<CampaignDocument, 'version'> {
  const { date, ...revived } = reviveCampaign(written);
  const draft: CampaignDocument = {
    _id: id,
    ...revived,
    identifier: written.identifier,
    status: 'DRAFT',
    statusHistory: [{ status: 'DRAFT', date: at, by }],
    date: { created: at, updated: at, ...date },
    audit: { createdBy: by, updatedBy: by },
    search: [],
    version: 1,
  };
  return finishCampaign(null, draft, { status: 'DRAFT', at, by });
}
