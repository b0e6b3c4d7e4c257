import { ServiceError, TimeoutError } from '../../../lib/errors.ts';
import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type DueQuery } from '../../datastore/campaigns.ts';
import { throwIfNotSupreme } from '../../policy.ts';
import { SYSTEM } from '../../system-actor.ts';
import { type RefreshCounts, type RefreshOptions } from '../../services/refresh-options.ts';
import { finishCampaign, throwIfIncomplete } from './content.ts';
import { applyUpdate } from './update.ts';

type Context = ManagerContext<'campaigns'>;

/** How many failures a refresh names; `failedCount` counts them all. */
const NAMED_FAILURES = 100;
/** How many campaigns of a batch are written at once. */
const CONCURRENCY = 50;
const STOPPED = 'The deadline passed. What was moved by then is moved; the next refresh goes on from there.';
const DAY_MS = 24 * 60 * 60 * 1000;

/** What a refresh did. */
export interface RefreshResult extends RefreshCounts {
  /** The first hundred campaigns that could not be moved, with the type of the error. */
  readonly failed: readonly { readonly campaignId: string; readonly type: string }[];
}

interface Pass {
  readonly from: CampaignStatus;
  readonly to: CampaignStatus;
  readonly dateField: DueQuery['dateField'];
  readonly result: 'opened' | 'closed' | 'inactivated';
}

/** In this order, so that a campaign that is due for several steps takes them all in one refresh. */
const passes: readonly Pass[] = [
  { from: 'DRAFT', to: 'OPEN', dateField: 'date.open', result: 'opened' },
  { from: 'PREVIEW', to: 'OPEN', dateField: 'date.open', result: 'opened' },
  { from: 'OPEN', to: 'CLOSED', dateField: 'date.close', result: 'closed' },
  { from: 'CLOSED', to: 'INACTIVE', dateField: 'date.closed', result: 'inactivated' },
];

/**
 * Opens, closes and retires every campaign whose time has come. Only for supreme users and the service itself. Each
 * campaign is one guarded write with its change, so two refreshes at once share the work and never repeat it; the
 * failure of one stops no other. Memory holds one batch, however many are due.
 */
export async function refresh(ctx: Context, options: RefreshOptions): Promise<RefreshResult> {
  throwIfNotSupreme(ctx.actor);
  const now = ctx.clock();
  const counts = { opened: 0, closed: 0, inactivated: 0, failedCount: 0 };
  const failed: { campaignId: string; type: string }[] = [];
  for (const pass of passes) {
    const until = pass.to === 'INACTIVE' ? new Date(now.getTime() - options.inactiveAfterDays * DAY_MS) : now;
    await moveDue(ctx, pass, { until, batchSize: options.batchSize }, (campaignId, outcome) => {
      if (outcome === 'moved') counts[pass.result] += 1;
      else if (outcome !== 'notDue') {
        counts.failedCount += 1;
        if (failed.length < NAMED_FAILURES) failed.push({ campaignId, type: outcome.type });
      }
    });
  }
  options.onDone?.(counts);
  return { ...counts, failed };
}

type Outcome = 'moved' | 'notDue' | { readonly type: string };

/** Runs over what is due, batch by batch from where the last one ended, so that what cannot move is not met again. */
async function moveDue(
  ctx: Context,
  pass: Pass,
  { until, batchSize }: { readonly until: Date; readonly batchSize: number },
  onOutcome: (campaignId: string, outcome: Outcome) => void,
): Promise<void> {
  const { from: status, dateField } = pass;
  for (let after: DueQuery['after']; ;) {
    const batch = await ctx.datastore.campaigns.findDue({ status, dateField, until, after, limit: batchSize });
    for (let start = 0; start < batch.length; start += CONCURRENCY) {
      if (ctx.signal.aborted) throw new TimeoutError(STOPPED);
      const part = batch.slice(start, start + CONCURRENCY);
      const outcomes = await Promise.all(part.map(({ campaignId }) => move(ctx, campaignId, pass, until)));
      part.forEach(({ campaignId }, at) => onOutcome(campaignId, outcomes[at] ?? 'notDue'));
    }
    after = batch.at(-1);
    if (batch.length < batchSize || after === undefined) return;
  }
}

/** Carries one campaign over, unless another refresh or an operator was first. Never throws. */
async function move(ctx: Context, campaignId: string, pass: Pass, until: Date): Promise<Outcome> {
  const at = ctx.clock();
  const apply = (current: CampaignDocument): CampaignDocument => {
    const date = current.date[pass.dateField.slice('date.'.length) as 'open' | 'close' | 'closed'];
    if (current.status !== pass.from || date === undefined || date > until) return current;
    if (pass.to === 'OPEN') throwIfIncomplete(current, 'OPEN');
    return finishCampaign(current, current, { status: pass.to, at, by: SYSTEM });
  };
  try {
    const { before, after } = await applyUpdate(ctx, campaignId, apply, { by: SYSTEM });
    if (after === before) return 'notDue';
    ctx.service.campaignCache.invalidate(campaignId, after.version);
    ctx.log.info('campaign.moved', { campaignId, from: pass.from, to: pass.to });
    return 'moved';
  } catch (error) {
    const type = error instanceof ServiceError ? error.type : 'INTERNAL_ERROR';
    ctx.log[type === 'INTERNAL_ERROR' ? 'error' : 'warn']('campaign.notMoved', {
      campaignId,
      to: pass.to,
      type,
      error,
    });
    return { type };
  }
}

/**
 * Retires a campaign that is CLOSED, on the service's own behalf: what a refresh does when the time has come.
 * Throws `InvalidStatusChangeError` and `CampaignNotFoundError`.
 */
export async function retire(ctx: Context, campaignId: string): Promise<void> {
  const at = ctx.clock();
  const apply = (current: CampaignDocument): CampaignDocument =>
    finishCampaign(current, current, { status: 'INACTIVE', at, by: SYSTEM });
  const { after } = await applyUpdate(ctx, campaignId, apply, { by: SYSTEM });
  ctx.service.campaignCache.invalidate(campaignId, after.version);
}
