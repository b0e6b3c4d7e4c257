import { type CampaignContent } from '../../../schemas/campaign.ts';
import { type Page } from '../../../schemas/paging.ts';
import { type ManagerContext } from '../../context.ts';
import { type ChangeOrigin, type ChangeRecord } from '../../datastore/changes.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { selectReadable } from './read.ts';

type Context = ManagerContext<'campaigns' | 'changes' | 'users' | 'attempts'>;

/** One change, as history shows it. */
export interface FormattedChange {
  readonly changeId: string;
  readonly cause: string;
  readonly collection: string;
  readonly documentId: string;
  readonly version: number;
  readonly at: Date;
  /** An opaque reference; `system` for the refresh. */
  readonly by: string;
  /** The user behind the reference; absent once the user was erased. */
  readonly userId?: string;
  readonly correlation: string;
  /** The change of another campaign that this one follows from. */
  readonly source?: ChangeOrigin;
  /** Merge patches: `after` makes the new content of the old one, `before` takes it back. */
  readonly changes: { readonly before: unknown; readonly after: unknown };
}

/** What the history of a campaign shows besides the changes. */
export interface CampaignHistory extends Page<FormattedChange> {
  readonly statusHistory: CampaignContent['statusHistory'];
}

/** Fields that exist for the indexes and for idempotency alone: nobody changed them. */
const derived: ReadonlySet<string> = new Set(['search', 'nameKey', 'eventKeys', 'idempotency', 'clonedFrom']);

function withoutDerived(patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !derived.has(field)));
}

/** Gives a change as history shows it. */
export function formatChange(record: ChangeRecord, userId: string | undefined): FormattedChange {
  const { _id, cause, collection, documentId, version, at, by, correlation, source, diff } = record;
  return {
    changeId: _id,
    cause,
    collection,
    documentId,
    version,
    at,
    by,
    ...(userId !== undefined && { userId }),
    correlation,
    ...(source !== undefined && { source }),
    changes: { before: withoutDerived(diff.before), after: withoutDerived(diff.after) },
  };
}

/** Reads who changed what and when, of a campaign and its markets, the latest first. Needs `read`. */
export async function findHistory(
  ctx: Context,
  campaignId: string,
  {
    page,
    pageSize,
    password,
  }: { readonly page: number; readonly pageSize: number; readonly password?: string | undefined },
): Promise<CampaignHistory> {
  await selectReadable(ctx, campaignId, password);
  const campaign = await ctx.datastore.campaigns.findById(campaignId);
  if (campaign === null) throw new CampaignNotFoundError();
  // The very last change may still lie in its document alone.
  const { pendingChange } = campaign;
  if (pendingChange !== undefined) {
    await ctx.datastore.changes.record({ collection: 'campaigns', documentId: campaignId, change: pendingChange });
  }
  const found = await ctx.datastore.changes.findByCampaign(campaignId, { page, pageSize });
  const users = await ctx.datastore.users.selectUserIds(found.rows.map(change => change.by));
  return {
    ...found,
    rows: found.rows.map(change => formatChange(change, users.get(change.by))),
    statusHistory: campaign.statusHistory,
  };
}
