import { type Page } from '../../schemas/paging.ts';
import { type ManagerContext } from '../context.ts';
import { throwIfNotSupreme } from '../policy.ts';
import { type FormattedChange, formatChange } from './campaigns/history.ts';

/** Everything that is held about a user: the reference that stands for the user, and the changes that name it. */
export interface UserData {
  readonly userId: string;
  /** Null when nothing names the user. */
  readonly reference: string | null;
  readonly changes: Page<FormattedChange>;
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
  ctx: ManagerContext<'users' | 'changes'>,
  userId: string,
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): Promise<UserData> {
  throwIfNotSupreme(ctx.actor);
  const reference = await ctx.datastore.users.findReference(userId);
  const found =
    reference === null
      ? { items: [], total: 0 }
      : await ctx.datastore.changes.findByUser(reference, { page, pageSize });
  const rows = found.items.map(change => formatChange(change, userId));
  return { userId, reference, changes: { rows, page, pageSize, total: found.total } };
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
