import { type ErrorDetail } from '../../../lib/errors.ts';
import { type ManagerContext } from '../../context.ts';
import { InvalidCampaignError } from '../../errors.ts';

/**
 * Checks what markets are about to name: promoters must exist. Throws `InvalidCampaignError`.
 *
 * @param contents what was written of each market, by the pointer that leads to it
 */
export async function throwIfInvalidReferences(
  ctx: ManagerContext<'promoters'>,
  contents: ReadonlyMap<string, { readonly promoterIds?: unknown }>,
): Promise<void> {
  const named = [...contents].flatMap(([pointer, { promoterIds }]) =>
    selectIds(promoterIds).map((id, at) => ({ id, path: `${pointer}/promoterIds/${at}` })),
  );
  if (named.length === 0) return;
  const existing = await ctx.datastore.promoters.selectExisting([...new Set(named.map(({ id }) => id))]);
  const details: ErrorDetail[] = named
    .filter(({ id }) => !existing.has(id))
    .map(({ path }) => ({ path, message: 'does not exist' }));
  if (details.length > 0) throw new InvalidCampaignError('The market names what does not exist.', { details });
}

function selectIds(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
