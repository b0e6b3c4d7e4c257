import { type Page } from '../../schemas/paging.ts';
import { type ManagerContext } from '../context.ts';
import { throwIfNotSupreme } from '../policy.ts';
import { type JournalDocument } from '../datastore/state-journal.ts';
import { type FormattedChange, formatChange } from './campaigns/history.ts';

/** A change of a campaign's live state, as the user's data shows it. */
export interface FormattedStateChange {
  readonly campaignId: string;
  readonly version: number;
  readonly changeId: string;
  readonly eventId: string;
  readonly cause: string;
  readonly at: Date;
  /** What changed: a merge patch. */
  readonly patch: unknown;
}

/** Everything that is held about a user: the reference that stands for the user, and the changes that name it. */
export interface UserData {
  readonly userId: string;
  /** Null when nothing names the user. */
  readonly reference: string | null;
  readonly changes: Page<FormattedChange>;
  /** A page of commits of live states, each with all that the user changed by it; `total` counts the commits. */
  readonly stateChanges: Page<FormattedStateChange>;
}

/**
 * Refuses the tokens of a user that were issued until now. Only for supreme users. This instance refuses them at once,
 * others within the interval of their poll.
 */
export async function revoke(
  ctx: ManagerContext<'users'>,
  userId: string,
): Promise<{ userId: string; notBefore: Date }> {
  throwIfNotSupreme(ctx.actor);
  const notBefore = ctx.clock();
  await ctx.datastore.users.revoke(userId, notBefore, notBefore);
  await ctx.service.revocations.poll();
  ctx.log.info('user.revoked', { by: await ctx.datastore.users.selectReference(ctx.actor) });
  return { userId, notBefore };
}

/** Gives what is held about a user (GDPR, article 15), the changes a page at a time. Only for supreme users. */
export async function exportData(
  ctx: ManagerContext<'users' | 'changes' | 'stateJournal'>,
  userId: string,
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): Promise<UserData> {
  throwIfNotSupreme(ctx.actor);
  const reference = await ctx.datastore.users.findReference(userId);
  const nothing = { rows: [], total: 0 };
  const [changes, commits] =
    reference === null
      ? [nothing, nothing]
      : await Promise.all([
          ctx.datastore.changes.findByUser(reference, { page, pageSize }),
          ctx.datastore.stateJournal.findByUser(reference, { page, pageSize }),
        ]);
  const rows = changes.rows.map(change => formatChange(change, userId));
  const stateRows = commits.rows.flatMap(commit => formatStateChanges(commit, reference));
  return {
    userId,
    reference,
    changes: { rows, page, pageSize, total: changes.total },
    stateChanges: { rows: stateRows, page, pageSize, total: commits.total },
  };
}

/** What a user did by a commit that may hold the changes of others as well. */
function formatStateChanges(
  { _id: changeId, campaignId, changes }: JournalDocument,
  reference: string | null,
): FormattedStateChange[] {
  return changes
    .filter(({ by }) => by === reference)
    .map(({ version, eventId, cause, at, patch }) => ({
      campaignId,
      version,
      changeId,
      eventId,
      cause,
      at,
      patch: JSON.parse(patch) as unknown,
    }));
}

/**
 * Erases a user (GDPR, article 17): the one row that leads from the reference in records to the user. The records stay
 * and name nobody. Only for supreme users. Says whether there was anything to erase.
 */
export async function erase(ctx: ManagerContext<'users'>, userId: string): Promise<{ erased: boolean }> {
  throwIfNotSupreme(ctx.actor);
  const erased = await ctx.datastore.users.erase(userId);
  ctx.log.info('user.erased', { erased });
  return { erased };
}
