import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { type ChangeCause, type ChangeDescription } from '../../datastore/changes.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { type UpdateOutcome } from '../../datastore/versioned.ts';
import { MarketNotFoundError } from '../../errors.ts';
import { type EffectCampaign, selectEffects } from '../../hooks/effects.ts';

/** Why a market changed. */
export type MarketCause = Extract<ChangeCause, `market.${string}`>;

interface MarketChange {
  readonly cause: MarketCause;
  /** Null for a market that is being made. */
  readonly before: MarketDocument | null;
  /** Null for a market that is being deleted. */
  readonly after: MarketDocument | null;
  readonly campaignId: string;
  /** The campaign that the market belongs to. */
  readonly campaign: EffectCampaign;
  /** An opaque user reference, or `system`. */
  readonly by: string;
  readonly idempotencyKey?: string | undefined;
}

/** Describes a change of a market for its change record. */
export function describeMarketChange(
  ctx: Pick<ManagerContext, 'correlation'>,
  { cause, before, after, campaignId, campaign, by, idempotencyKey }: MarketChange,
): ChangeDescription {
  return {
    cause,
    effects: selectEffects({ cause, before, after, campaign }),
    by,
    correlation: ctx.correlation,
    campaignId,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

export interface ApplyMarketOptions {
  readonly cause: MarketCause;
  readonly by: string;
  readonly campaign: Pick<CampaignDocument, '_id' | 'options'>;
  readonly expectedVersion?: number | readonly number[] | undefined;
}

/**
 * Writes what a pure function makes of a market of a campaign, with its change record. Throws `MarketNotFoundError`
 * (also for another campaign's), `VersionMismatchError`, the conflicts of name and event, and what `apply` throws.
 */
export async function applyUpdate(
  ctx: ManagerContext<'markets'>,
  marketId: string,
  apply: (current: MarketDocument) => MarketDocument,
  { cause, by, campaign, expectedVersion }: ApplyMarketOptions,
): Promise<UpdateOutcome<MarketDocument>> {
  const campaignId = campaign._id;
  const outcome = await ctx.datastore.markets.update(
    marketId,
    current => {
      if (current.campaignId !== campaignId) throw new MarketNotFoundError();
      return apply(current);
    },
    {
      signal: ctx.signal,
      ...(expectedVersion !== undefined && { expectedVersion }),
      stamp: (next, at) => ({ ...next, date: { ...next.date, updated: at } }),
      describeChange: (before, after) => describeMarketChange(ctx, { cause, before, after, campaignId, campaign, by }),
    },
  );
  if (outcome === null) throw new MarketNotFoundError();
  return outcome;
}
