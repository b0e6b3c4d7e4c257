import { ServiceError } from '../../lib/errors.ts';
import { type ContextFactory } from '../context-factory.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { applySchedule, scheduleFields } from '../managers/campaigns/link.ts';
import { DeliveryError } from '../services/message-sender.ts';
import { type DeliveryFailure, type Effect } from './effect.ts';

const BATCH_SIZE = 20;

/**
 * Makes the effect that brings a campaign's schedule to the campaigns that are linked to it, one level deep. They get
 * what the campaign has by now of the dates that the change touched. One that refuses, by its own rules, stops none of
 * the others; the failure names it, and the change is tried again.
 */
export function createLinkedCampaignsEffect({
  createContext,
  ...patience
}: {
  /** Makes the context of what the service does by itself. */
  readonly createContext: ContextFactory['forSystem'];
} & Pick<Effect, 'attempts' | 'backoff'>): Effect {
  const deliver = async (change: ChangeRecord, signal: AbortSignal): Promise<DeliveryFailure | undefined> => {
    const { _id: changeId, documentId, by, correlation, diff } = change;
    const ctx = createContext(correlation, signal);
    const campaign = await ctx.datastore.campaigns.findById(documentId);
    const fields = scheduleFields.filter(field => isTouched(diff.before, field) || isTouched(diff.after, field));
    if (campaign === null || fields.length === 0) return undefined;
    const schedule = { date: campaign.date, fields, by, source: { campaignId: documentId, changeId } };
    const linked = (campaign.linkedCampaignIds ?? []).filter(id => id !== documentId);
    const results = await Promise.allSettled(linked.map(id => applySchedule(ctx, id, schedule)));
    const failed = results.flatMap((result, at) =>
      result.status === 'rejected' ? [{ campaignId: linked[at], reason: result.reason as unknown }] : [],
    );
    if (failed.length === 0) return undefined;
    const reasons = failed.map(({ campaignId, reason }) => `${campaignId}: ${describe(reason)}`);
    return {
      error: new DeliveryError(`Linked campaigns did not take the schedule: ${reasons.join('; ')}`),
      isRefusal: failed.every(({ reason }) => reason instanceof ServiceError && reason.status < 500),
    };
  };

  return {
    name: 'linkedCampaigns',
    batchSize: BATCH_SIZE,
    ...patience,
    async perform(changes, signal) {
      const failures = new Map<string, DeliveryFailure>();
      for (const change of changes) {
        signal.throwIfAborted();
        const failure = await deliver(change, signal);
        if (failure !== undefined) failures.set(change._id, failure);
      }
      return failures;
    },
  };
}

function isTouched(patch: Readonly<Record<string, unknown>>, field: string): boolean {
  const { date } = patch;
  return typeof date === 'object' && date !== null && Object.hasOwn(date, field);
}

/** Names the error and the fields that are wrong: an operator sees it among the deliveries. */
function describe(reason: unknown): string {
  if (!(reason instanceof ServiceError)) return 'an unexpected error';
  const faults = (reason.details ?? []).map(({ path, message }) => ` (${path} ${message})`);
  return `${reason.type}: ${reason.message}${faults.join('')}`;
}
