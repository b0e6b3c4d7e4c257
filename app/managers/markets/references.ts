import { type ErrorDetail } from '../../../lib/errors.ts';
import { type ManagerContext } from '../../context.ts';
import { InvalidCampaignError } from '../../errors.ts';
import { type CacheRead } from '../../services/cache/cache.ts';
import { type Discovery } from '../../services/discovery/discovery.ts';
import { mapConcurrently } from '../concurrency.ts';

/** What a market names, as it may have been written: it is checked against its schema elsewhere. */
interface Named {
  readonly promoterIds?: unknown;
  readonly event?: unknown;
}

interface Reference {
  readonly id: string;
  /** The pointer that leads to it. */
  readonly path: string;
}

/** How many ids are looked up in the Discovery API at once. */
const CONCURRENCY = 5;

/**
 * Checks what markets are about to name: promoters must exist. Throws `InvalidCampaignError`.
 *
 * @param contents what was written of each market, by the pointer that leads to it
 */
export async function throwIfInvalidReferences(
  ctx: ManagerContext<'promoters'>,
  contents: ReadonlyMap<string, Named>,
): Promise<void> {
  const named = [...contents].flatMap(([pointer, { promoterIds }]) =>
    selectIds(promoterIds).map((id, at) => ({ id, path: `${pointer}/promoterIds/${at}` })),
  );
  if (named.length === 0) return;
  const existing = await ctx.datastore.promoters.selectExisting([...new Set(named.map(({ id }) => id))]);
  throwIfMissing(named.filter(({ id }) => !existing.has(id)));
}

/**
 * Checks that the venue and the shows that a market is about to name exist in the Discovery API; where that is only to
 * be warned of, it is logged. What the market names already is let pass, so that one that was read can be sent back.
 * Throws `InvalidCampaignError`, and `ServiceUnavailableError` when the API is away and the check is enforced.
 *
 * @param selectStored gives the market as it is; it is called only when something is to be checked
 */
export async function throwIfUnknownToDiscovery(
  ctx: ManagerContext<never>,
  content: Named,
  selectStored: () => Promise<Named | null> = () => Promise.resolve(null),
): Promise<void> {
  const { discovery, discoveryValidation } = ctx.service;
  if (discovery === null || discoveryValidation === 'off') return;
  const named = selectDiscoveryReferences(content);
  if (named.shows.length === 0 && named.venues.length === 0) return;
  const stored = selectDiscoveryReferences((await selectStored()) ?? {});
  const selectNew = (kind: 'shows' | 'venues'): readonly Reference[] =>
    named[kind].filter(({ id }) => !stored[kind].some(known => known.id === id));
  try {
    const missing = await Promise.all([
      selectMissing(selectNew('shows'), id => discovery.findEvent(id, { signal: ctx.signal })),
      selectMissing(selectNew('venues'), id => discovery.findVenue(id, { signal: ctx.signal })),
    ]);
    throwIfMissing(missing.flat());
  } catch (error) {
    if (discoveryValidation === 'enforce') throw error;
    ctx.log.warn('market.notInDiscovery', { error });
  }
}

function selectDiscoveryReferences({ event }: Named): Record<'shows' | 'venues', readonly Reference[]> {
  const { ids, venue } = (event ?? {}) as { readonly ids?: unknown; readonly venue?: { readonly id?: unknown } };
  const venueId = venue?.id;
  return {
    shows: selectIds(ids).map((id, at) => ({ id, path: `/event/ids/${at}` })),
    venues: typeof venueId === 'string' ? [{ id: venueId, path: '/event/venue/id' }] : [],
  };
}

async function selectMissing(
  references: readonly Reference[],
  find: (id: string) => ReturnType<Discovery['findEvent' | 'findVenue']>,
): Promise<readonly Reference[]> {
  const found: readonly CacheRead<unknown>[] = await mapConcurrently(references, CONCURRENCY, ({ id }) => find(id));
  return references.filter((_reference, at) => found[at]?.value === null);
}

function throwIfMissing(missing: readonly Reference[]): void {
  const details: ErrorDetail[] = missing.map(({ path }) => ({ path, message: 'does not exist' }));
  if (details.length > 0) throw new InvalidCampaignError('The market names what does not exist.', { details });
}

function selectIds(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
