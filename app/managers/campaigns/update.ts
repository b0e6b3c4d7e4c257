import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type ChangeOrigin } from '../../datastore/changes.ts';
import { type UpdateOutcome } from '../../datastore/versioned.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { authorize } from '../../policy.ts';
import { type CachedCampaign } from '../../services/campaign-cache.ts';
import { type CampaignCause, describeCampaignChange, stampCampaign } from './change.ts';
import { type CampaignPatch, patchCampaign } from './patch.ts';
import { selectCampaign } from './read.ts';
import { throwIfInvalidReferences } from './references.ts';

type Context = ManagerContext<'campaigns' | 'contacts' | 'users'>;

export interface UpdateCampaignOptions {
  /** The version that the caller has seen (`If-Match`). */
  readonly expectedVersion?: number | readonly number[] | undefined;
  readonly cause?: CampaignCause;
  /** The change of another campaign that makes this one necessary. */
  readonly source?: ChangeOrigin;
}

/**
 * Updates a campaign by a JSON merge patch (RFC 7396) of what the API shows of it, `status` included. Needs `update`.
 * Without an expected version it is applied to the current one, again after each concurrent write.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `VersionMismatchError`, `ValidationError`,
 * `InvalidStatusChangeError`, the errors of `throwIfInvalidCampaign`, and the conflicts of domain and name.
 */
export async function update(
  ctx: Context,
  campaignId: string,
  patch: CampaignPatch,
  options: UpdateCampaignOptions = {},
): Promise<CachedCampaign> {
  const known = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'update', campaignId, known, () => new CampaignNotFoundError());
  await throwIfInvalidReferences(ctx, known.document, patch);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const password = await selectPassword(ctx, patch);
  const at = ctx.clock();
  const apply = (current: CampaignDocument): CampaignDocument => patchCampaign(current, patch, { at, by, password });
  const outcome = await applyUpdate(ctx, campaignId, apply, { ...options, by });
  return ctx.service.campaignCache.put(outcome.after);
}

/**
 * Writes what a pure function makes of a campaign, with its change record. The cache is left to the caller.
 * Throws `CampaignNotFoundError`, `VersionMismatchError`, the conflicts of domain and name, and what `apply` throws.
 */
export async function applyUpdate(
  ctx: ManagerContext<'campaigns'>,
  campaignId: string,
  apply: (current: CampaignDocument) => CampaignDocument | Promise<CampaignDocument>,
  { expectedVersion, cause, by, source }: UpdateCampaignOptions & { readonly by: string },
): Promise<UpdateOutcome<CampaignDocument>> {
  const outcome = await ctx.datastore.campaigns.update(campaignId, apply, {
    signal: ctx.signal,
    ...(expectedVersion !== undefined && { expectedVersion }),
    stamp: (next, at) => stampCampaign(next, at, by),
    describeChange: (before, after) =>
      describeCampaignChange(ctx, { before, after, by, ...(cause && { cause }), ...(source && { source }) }),
  });
  if (outcome === null) throw new CampaignNotFoundError();
  return outcome;
}

/** The new password's hash, null when the patch takes it away, undefined when the patch says nothing of it. */
async function selectPassword(ctx: Context, { password }: CampaignPatch): Promise<string | null | undefined> {
  if (typeof password !== 'string') return password === null ? null : undefined;
  return ctx.service.passwords.hash(password);
}
