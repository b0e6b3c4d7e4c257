import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type ChangeOrigin } from '../../datastore/changes.ts';
import { isEqual } from '../../datastore/diff.ts';
import { finishCampaign, throwIfIncomplete } from './content.ts';
import { applyUpdate } from './update.ts';

type Context = ManagerContext<'campaigns' | 'changes'>;

/** The dates that linked campaigns share. */
export const scheduleFields = ['open', 'close', 'presaleWindowStart', 'presaleWindowEnd'] as const;
export type ScheduleField = (typeof scheduleFields)[number];

/** How many changes of a linked campaign are looked at for one that was made before; a repeat comes soon. */
const RECENT_CHANGES = 20;

/** What of a campaign's schedule others are to take over, who changed it, and by which change. */
export interface LinkedSchedule {
  readonly date: CampaignDocument['date'];
  readonly fields: readonly ScheduleField[];
  /** An opaque user reference, or `system`. */
  readonly by: string;
  readonly source: ChangeOrigin;
}

/**
 * Takes dates of another campaign over into a linked one, under the linked one's own rules. What it has already, what
 * this change brought before, and a campaign that is gone or INACTIVE are left alone. The change has the cause
 * `campaign.linked`, which goes no further.
 * Throws `ValidationError`, the errors of `throwIfInvalidCampaign`, and what the database throws.
 */
export async function applySchedule(ctx: Context, campaignId: string, schedule: LinkedSchedule): Promise<void> {
  const { date: shared, fields, by, source } = schedule;
  const current = await ctx.datastore.campaigns.findById(campaignId);
  if (current === null || (await isApplied(ctx, current, source))) return;
  const at = ctx.clock();
  const apply = (campaign: CampaignDocument): CampaignDocument => {
    if (campaign.status === 'INACTIVE' || fields.every(field => isEqual(campaign.date[field], shared[field]))) {
      return campaign;
    }
    const date = { ...campaign.date };
    for (const field of fields) {
      if (shared[field] === undefined) delete date[field];
      else date[field] = shared[field];
    }
    const next = finishCampaign(campaign, { ...campaign, date }, { status: campaign.status, at, by });
    throwIfIncomplete(next, next.status);
    return next;
  };
  const { before, after } = await applyUpdate(ctx, campaignId, apply, { by, cause: 'campaign.linked', source });
  if (after !== before) ctx.service.campaignCache.invalidate(campaignId, after.version);
}

/** Whether a change was taken over before: somebody may have set other dates since. */
async function isApplied(ctx: Context, campaign: CampaignDocument, { changeId }: ChangeOrigin): Promise<boolean> {
  if (campaign.pendingChange?.source?.changeId === changeId) return true;
  const { rows } = await ctx.datastore.changes.findByDocument(campaign._id, { page: 0, pageSize: RECENT_CHANGES });
  return rows.some(({ source }) => source?.changeId === changeId);
}
