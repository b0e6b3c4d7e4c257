import { type ChangeCause, type EffectName } from '../datastore/changes.ts';
import { isEqual } from '../datastore/diff.ts';

/** What the table reads of a campaign. */
export interface EffectCampaign {
  readonly domain?: { readonly site?: string };
  readonly date?: {
    readonly open?: Date;
    readonly close?: Date;
    readonly presaleWindowStart?: Date;
    readonly presaleWindowEnd?: Date;
  };
  readonly linkedCampaignIds?: readonly string[];
  readonly options?: { readonly attendance?: boolean };
}

/** What the table reads of a market. */
export interface EffectMarket {
  readonly event?: { readonly presaleDateTime?: Date };
}

type CampaignCause = Extract<ChangeCause, `campaign.${string}`>;
type MarketCause = Extract<ChangeCause, `market.${string}`>;

/** A change as the table looks at it: the document before and after, null when there was or is none. */
export type EffectSubject =
  | { readonly cause: CampaignCause; readonly before: EffectCampaign | null; readonly after: EffectCampaign | null }
  | {
      readonly cause: MarketCause;
      readonly before: EffectMarket | null;
      readonly after: EffectMarket | null;
      /** The campaign that the market belongs to. */
      readonly campaign: EffectCampaign;
    }
  | { readonly cause: Exclude<ChangeCause, CampaignCause | MarketCause> };

interface CampaignChange {
  readonly before: EffectCampaign | null;
  readonly after: EffectCampaign | null;
}

interface MarketChange {
  readonly before: EffectMarket | null;
  readonly after: EffectMarket | null;
  readonly campaign: EffectCampaign;
}

/** The columns of a row that apply: always, or when the condition holds. */
type Row<C> = Partial<Record<EffectName, true | ((change: C) => boolean)>>;

const presale = (market: EffectMarket | null): Date | undefined => market?.event?.presaleDateTime;
const hasAttendance = ({ campaign }: MarketChange): boolean => campaign.options?.attendance === true;
const isPresaleChanged = ({ before, after }: MarketChange): boolean => !isEqual(presale(before), presale(after));

const isLinkedScheduleChanged = ({ before, after }: CampaignChange): boolean =>
  (after?.linkedCampaignIds?.length ?? 0) > 0 &&
  (['open', 'close', 'presaleWindowStart', 'presaleWindowEnd'] as const).some(
    field => !isEqual(before?.date?.[field], after?.date?.[field]),
  );

const campaignLinked: Row<CampaignChange> = {
  kinesisCampaign: true,
  sqsDataPipeline: true,
  fastlyPurge: true,
  stateBroadcast: true,
};

const campaignUpdated: Row<CampaignChange> = { ...campaignLinked, linkedCampaigns: isLinkedScheduleChanged };

/** What follows after a change of a campaign, row by row. */
const campaignTable: Readonly<Record<CampaignCause, Row<CampaignChange>>> = {
  'campaign.created': { kinesisCampaign: true, fastlyPurge: true, stateBroadcast: true },
  'campaign.updated': campaignUpdated,
  'campaign.faqs': campaignUpdated,
  'campaign.terms': campaignUpdated,
  'campaign.contacts': campaignUpdated,
  // By itself a status changes no schedule, but one patch may change both.
  'campaign.status': campaignUpdated,
  // A schedule that came from a linked campaign goes no further: one level deep, never in a cycle.
  'campaign.linked': campaignLinked,
};

const marketChanged: Row<MarketChange> = {
  kinesisCampaign: true,
  sqsDataPipeline: true,
  // Of a new market, or of one that goes: whether it has or had a presale time.
  sqsRefreshSelections: isPresaleChanged,
  kinesisAttendance: hasAttendance,
  stateBroadcast: true,
};

/** What follows after a change of a market, row by row. */
const marketTable: Readonly<Record<MarketCause, Row<MarketChange>>> = {
  'market.created': marketChanged,
  'market.updated': marketChanged,
  'market.deleted': marketChanged,
  'market.notified': marketChanged,
  'market.selection': marketChanged,
};

/** Gives the effects that a change asks for, in the table's order; other documents than campaigns and markets have none. */
export function selectEffects(subject: EffectSubject): EffectName[] {
  if (isCampaignSubject(subject)) return selectColumns(campaignTable[subject.cause], subject);
  if (isMarketSubject(subject)) return selectColumns(marketTable[subject.cause], subject);
  return [];
}

/** Gives the domain that a change took from a campaign; its pages must leave the cache as well. */
export function selectOldDomain(before: EffectCampaign | null, after: EffectCampaign | null): string | undefined {
  const old = before?.domain?.site;
  return old === after?.domain?.site ? undefined : old;
}

function selectColumns<C>(row: Row<C>, change: C): EffectName[] {
  const effects: EffectName[] = [];
  for (const [effect, condition] of Object.entries(row) as [EffectName, true | ((change: C) => boolean)][]) {
    if (condition === true || condition(change)) effects.push(effect);
  }
  return effects;
}

const isCampaignSubject = (subject: EffectSubject): subject is Extract<EffectSubject, { cause: CampaignCause }> =>
  subject.cause in campaignTable;

const isMarketSubject = (subject: EffectSubject): subject is Extract<EffectSubject, { cause: MarketCause }> =>
  subject.cause in marketTable;
