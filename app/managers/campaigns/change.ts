import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type ChangeCause, type ChangeDescription, type ChangeOrigin } from '../../datastore/changes.ts';
import { selectEffects, selectOldDomain } from '../../hooks/effects.ts';

/** Why a campaign changed. */
export type CampaignCause = Extract<ChangeCause, `campaign.${string}`>;

/** Writes down when and by whom a campaign was changed. */
export function stampCampaign(campaign: CampaignDocument, at: Date, by: string): CampaignDocument {
  return { ...campaign, date: { ...campaign.date, updated: at }, audit: { ...campaign.audit, updatedBy: by } };
}

interface CampaignChange {
  /** Null for a campaign that is being made. */
  readonly before: CampaignDocument | null;
  readonly after: CampaignDocument;
  /** An opaque user reference, or `system`. */
  readonly by: string;
  /** Left out: `campaign.status` when the status changed, else `campaign.updated`. */
  readonly cause?: CampaignCause;
  readonly idempotencyKey?: string;
  /** The change of another campaign that this one follows from. */
  readonly source?: ChangeOrigin;
}

/** Describes a change of a campaign for its change record: cause, effects, and the domain that it gave up. */
export function describeCampaignChange(
  ctx: Pick<ManagerContext, 'correlation'>,
  { before, after, by, idempotencyKey, source, ...change }: CampaignChange,
): ChangeDescription {
  const byItself: CampaignCause = before?.status === after.status ? 'campaign.updated' : 'campaign.status';
  const cause = change.cause ?? (before === null ? 'campaign.created' : byItself);
  const oldDomain = selectOldDomain(before, after);
  return {
    cause,
    // A patch may change the status and the schedule at once; the row of updates covers both.
    effects: selectEffects({ cause: cause === 'campaign.status' ? 'campaign.updated' : cause, before, after }),
    by,
    correlation: ctx.correlation,
    campaignId: after._id,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(oldDomain !== undefined && { oldDomain }),
    ...(source !== undefined && { source }),
  };
}
