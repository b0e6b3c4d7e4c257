import { deriveId } from '../../../lib/ids.ts';
import { MAX_MARKETS, type MarketClones } from '../../../schemas/market-clones.ts';
import { type MarketContent } from '../../../schemas/market.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { DuplicateKeyError } from '../../datastore/store/collection.ts';
import { InvalidCampaignError, MarketEventConflictError, MarketNameConflictError } from '../../errors.ts';
import { mapConcurrently } from '../concurrency.ts';
import { describeMarketChange, type MarketCause } from './change.ts';
import { createContent, type WrittenMarket } from './content.ts';
import { formatMarket } from './format.ts';
import { selectAuthorized } from './read.ts';
import { throwIfInvalidReferences } from './references.ts';
import { selectDateFaults, throwIfInactive } from './rules.ts';

type Context = ManagerContext<'campaigns' | 'markets' | 'promoters' | 'users'>;

/** How many markets are written at once. */
const CONCURRENCY = 20;

interface Target {
  readonly campaign: CampaignDocument;
  readonly by: string;
}

/**
 * Clones markets of another campaign into a campaign; reminders and selections stay behind. Needs `update` on both.
 * Everything is checked before anything is written. A repeat completes what a crash left undone: the clones that there
 * are already are kept and answered. When another writer takes a name or a show meanwhile, what this call inserted is
 * removed again.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `InvalidCampaignError`, and the conflicts of name and event.
 */
export async function clone(
  ctx: Context,
  campaignId: string,
  { fromCampaignId, marketIds }: MarketClones,
): Promise<MarketContent[]> {
  const campaign = await selectAuthorized(ctx, 'update', campaignId);
  await selectAuthorized(ctx, 'update', fromCampaignId);
  if (campaignId === fromCampaignId) {
    throw new InvalidCampaignError('Markets are cloned from another campaign.', {
      details: [{ path: '/fromCampaignId', message: 'is the campaign itself' }],
    });
  }
  throwIfInactive(campaign);
  const [sources, present, by] = await Promise.all([
    selectSources(ctx, fromCampaignId, marketIds),
    ctx.datastore.markets.findByCampaign(campaignId),
    ctx.datastore.users.selectReference(ctx.actor),
  ]);
  const clones = new Map(
    present.flatMap(market => (market.clonedFrom === undefined ? [] : [[market.clonedFrom, market]])),
  );
  const missing = sources.filter(source => !clones.has(source._id));
  await throwIfInvalidClones(ctx, missing, campaign, present);
  for (const market of await insertClones(ctx, missing, { campaign, by })) clones.set(market.clonedFrom ?? '', market);
  return sources.flatMap(source => clones.get(source._id) ?? []).map(formatMarket);
}

/** Gives the markets to clone. Throws `InvalidCampaignError` for ids that are no markets of the campaign, or too many. */
async function selectSources(
  ctx: ManagerContext<'markets'>,
  campaignId: string,
  marketIds: readonly string[] | undefined,
): Promise<MarketDocument[]> {
  if (marketIds === undefined) {
    const markets = await ctx.datastore.markets.findByCampaign(campaignId, MAX_MARKETS + 1);
    if (markets.length <= MAX_MARKETS) return markets;
    throw new InvalidCampaignError(`At most ${MAX_MARKETS} markets are cloned at once: name them by marketIds.`);
  }
  const found = (await ctx.datastore.markets.findByIds(marketIds)).filter(market => market.campaignId === campaignId);
  const known = new Set(found.map(market => market._id));
  const details = marketIds.flatMap((id, at) =>
    known.has(id) ? [] : [{ path: `/marketIds/${at}`, message: 'is not a market of that campaign' }],
  );
  if (details.length > 0) throw new InvalidCampaignError('Not all of the markets exist.', { details });
  return found;
}

/** Checks all clones against the campaign that they come to. */
async function throwIfInvalidClones(
  ctx: Context,
  sources: readonly MarketDocument[],
  campaign: CampaignDocument,
  present: readonly MarketDocument[],
): Promise<void> {
  const details = sources.flatMap(source =>
    selectDateFaults(source, campaign).map(({ path, message }) => ({ path: `/${source._id}${path}`, message })),
  );
  if (details.length > 0) {
    throw new InvalidCampaignError('The dates of some markets are outside of those of the campaign.', { details });
  }
  const names = new Set(present.map(selectNameKey));
  if (sources.some(source => names.has(selectNameKey(source)))) throw new MarketNameConflictError();
  const eventIds = new Set(present.flatMap(market => market.event?.ids ?? []));
  if (sources.some(source => source.event?.ids?.some(id => eventIds.has(id)))) throw new MarketEventConflictError();
  await throwIfInvalidReferences(ctx, new Map(sources.map(source => [`/${source._id}`, source])));
}

function selectNameKey({ name }: MarketContent): string {
  return name.trim().toLowerCase();
}

/**
 * Gives the id of a clone: the same for the same source and campaign, so that two calls at once make one clone.
 *
 * @param generation how many clones of the source were deleted in the campaign before: an id is never used twice
 */
export function selectCloneId(sourceId: string, campaignId: string, generation = 0): string {
  return deriveId('market clone', sourceId, campaignId, ...(generation > 0 ? [String(generation)] : []));
}

async function insertClones(
  ctx: Context,
  sources: readonly MarketDocument[],
  target: Target,
): Promise<MarketDocument[]> {
  const inserted: MarketDocument[] = [];
  try {
    return await mapConcurrently(sources, CONCURRENCY, async source => {
      const { market, isNew } = await insertClone(ctx, source, target);
      if (isNew) inserted.push(market);
      return market;
    });
  } catch (error) {
    if (isConflict(error)) await removeClones(ctx, inserted, target);
    throw error;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof MarketNameConflictError || error instanceof MarketEventConflictError;
}

/** Inserts a clone, or gives the one that a call at the same time was first to insert. */
async function insertClone(
  ctx: Context,
  source: MarketDocument,
  { campaign, by }: Target,
): Promise<{ market: MarketDocument; isNew: boolean }> {
  for (let generation = 0; ; generation++) {
    const id = selectCloneId(source._id, campaign._id, generation);
    const content = createContent(selectWritten(source), campaign, { id, campaignId: campaign._id, at: ctx.clock() });
    try {
      const market = await ctx.datastore.markets.insert(
        { ...content, clonedFrom: source._id },
        {
          signal: ctx.signal,
          // The key makes the id of a deleted clone a duplicate, so that none lives twice.
          describeChange: after =>
            describe(ctx, 'market.created', null, after, { campaign, by }, `clone of ${source._id}`),
        },
      );
      return { market, isNew: true };
    } catch (error) {
      const isIdTaken = error instanceof DuplicateKeyError && error.index === '_id';
      if (!isIdTaken && !isConflict(error)) throw error;
      // A conflict of name or event may well be with the very clone that is to be inserted.
      const market = await ctx.datastore.markets.findById(id);
      if (market !== null) return { market, isNew: false };
      if (!isIdTaken) throw error;
    }
  }
}

/** Takes back inserted clones, but for those that somebody has worked on since. What cannot be taken back is logged. */
async function removeClones(ctx: Context, clones: readonly MarketDocument[], target: Target): Promise<void> {
  await mapConcurrently(clones, CONCURRENCY, async ({ _id, version }) => {
    try {
      await ctx.datastore.markets.remove(_id, {
        expectedVersion: version,
        describeChange: before => describe(ctx, 'market.deleted', before, null, target),
      });
    } catch (error) {
      ctx.log.warn('A clone could not be taken back.', { marketId: _id, error });
    }
  });
}

function describe(
  ctx: Context,
  cause: MarketCause,
  before: MarketDocument | null,
  after: MarketDocument | null,
  { campaign, by }: Target,
  idempotencyKey?: string,
): ReturnType<typeof describeMarketChange> {
  return describeMarketChange(ctx, { cause, before, after, campaignId: campaign._id, campaign, by, idempotencyKey });
}

/** What a clone takes over: all that a client may write. */
function selectWritten(source: MarketDocument): WrittenMarket {
  const {
    _id,
    campaignId: _campaign,
    notification: _notification,
    selection: _selection,
    date: _date,
    version: _version,
    ...written
  } = formatMarket(source);
  return written;
}
